// Package figures writes statistics as files: the same columns, formulas and figures that the page
// shows, as CSV and XLSX, and their data dictionary. Everything that is written here leaves the unit:
// its caller hands over tables that are fit for it.
package figures
