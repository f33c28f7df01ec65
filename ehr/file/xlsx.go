package file

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/sluse/sluse/connector"
)

// Guards against workbooks that unpack to more than they should. A real list of fifty
// thousand rows unpacks to about fifty megabytes.
const (
	maxUnpacked    = 128 << 20
	maxParts       = 1_000
	maxSheets      = 20
	maxSheetHeight = 200_000 // rows, blank ones included
)

var (
	errParts      = errors.New("too many parts or too much content")
	errUnbalanced = errors.New("a tag is closed that was never opened")
	errPanic      = errors.New("the workbook library gave up")
)

// openXLSX decodes a workbook: the sheet whose header recognises most fields.
func openXLSX(ctx context.Context, data []byte, aliases map[string]alias) (best *table, err error) {
	// The library reads foreign bytes; whatever it does, one upload never ends the service.
	defer func() {
		if recover() != nil {
			best, err = nil, brokenWorkbook(errPanic)
		}
	}()

	book, err := openBook(data)
	if err != nil {
		return nil, err
	}

	defer book.Close()

	date1904 := false
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		date1904 = *props.Date1904
	}

	sheets := book.GetSheetList()
	for _, sheet := range sheets[:min(len(sheets), maxSheets)] {
		t, err := readSheet(ctx, book, sheet, aliases)
		if err != nil {
			return nil, err
		}

		if t != nil && (best == nil || t.header.score() > best.header.score()) {
			t.encoding, t.serials, t.date1904, t.sheet = "XLSX", true, date1904, sheet
			best = t
		}
	}

	if best == nil {
		return nil, noHeader("read")
	}

	if err := checkChangeable(book, best); err != nil {
		return nil, brokenWorkbook(err)
	}

	return best, nil
}

// checkChangeable tries the change that an entry makes later. The library reads rows more
// forgivingly than it writes them, and a planner must hear of it now, not when the visit was held.
func checkChangeable(book *excelize.File, t *table) error {
	cell, err := excelize.CoordinatesToCellName(len(t.head.cells)+1, t.head.line)
	if err != nil {
		return fmt.Errorf("find the cell behind the header: %w", err)
	}

	if err := book.SetCellStr(t.sheet, cell, "x"); err != nil {
		return fmt.Errorf("change the workbook: %w", err)
	}

	if err := book.Write(io.Discard); err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}

	return nil
}

// openBook opens a workbook after looking at what it says it will unpack to. The zip reader
// refuses parts that unpack to more than they said.
func openBook(data []byte) (*excelize.File, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, brokenWorkbook(err)
	}

	var total uint64
	for _, part := range archive.File {
		total += min(part.UncompressedSize64, maxUnpacked+1)
	}

	if len(archive.File) > maxParts || total > maxUnpacked {
		return nil, refuse("read", connector.Rejected,
			"Excel-filen fylder for meget, når den pakkes ud. Kopiér kørelisten over i en ny projektmappe, og gem den som .xlsx.", errParts)
	}

	for _, part := range archive.File {
		if err := checkPart(part); err != nil {
			return nil, brokenWorkbook(err)
		}
	}

	// Both limits alike: no part is unpacked to a temporary file, which would hold CPR numbers.
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked,
	})
	if err != nil {
		return nil, brokenWorkbook(err)
	}

	return book, nil
}

// checkPart reads a part of the workbook to its end. The library takes the end of what it
// can read for the end of the sheet; rows behind a damaged spot would be lost without a word.
func checkPart(part *zip.File) error {
	if path.Ext(part.Name) != ".xml" || !strings.HasPrefix(part.Name, "xl/") {
		return nil
	}

	r, err := part.Open()
	if err != nil {
		return fmt.Errorf("open part: %w", err)
	}

	defer r.Close()

	d := xml.NewDecoder(bufio.NewReaderSize(r, 1<<16))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // only the tags count

	for depth := 0; ; {
		token, err := d.RawToken()

		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}

		switch {
		case errors.Is(err, io.EOF) && depth == 0:
			return nil
		case err != nil:
			return fmt.Errorf("read part: %w", err)
		case depth < 0:
			return errUnbalanced
		}
	}
}

func brokenWorkbook(cause error) error {
	return refuse("read", connector.Malformed,
		"Excel-filen kan ikke åbnes. Åbn den i Excel, gem den igen som .xlsx uden adgangskode, og prøv igen.", cause)
}

// readSheet reads a sheet; nil when it has no header of a driving list.
func readSheet(ctx context.Context, book *excelize.File, sheet string, aliases map[string]alias) (*table, error) {
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, nil //nolint:nilnil // a chart sheet has no rows; that is no error, and there is no table
	}

	defer rows.Close()

	var (
		all  []record
		head header
		at   = -1
	)

	for line := 1; rows.Next(); line++ {
		if line%1024 == 0 && ctx.Err() != nil {
			return nil, refuse("read", connector.Unavailable, "Indlæsningen blev afbrudt. Prøv igen.", ctx.Err())
		}

		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, brokenWorkbook(err)
		}

		if len(cells) > maxColumns {
			return nil, refuse("read", connector.Rejected,
				fmt.Sprintf("Række %d har mere end 200 kolonner. Kopiér kun kørelistens egne kolonner over i en ny projektmappe.", line), nil)
		}

		if r := (record{line: line, cells: cells}); !r.blank() {
			all = append(all, r)
		}

		// Enough rows to know whether this sheet has a header at all.
		if len(all) == maxTitle+1 && at < 0 {
			if at, head = findHeader(all, aliases); at < 0 {
				return nil, nil //nolint:nilnil // there is no table on this sheet
			}
		}

		if len(all) > maxTitle+1+maxRows || line > maxSheetHeight {
			return nil, tooMany("read")
		}
	}

	if err := rows.Error(); err != nil {
		return nil, brokenWorkbook(err)
	}

	if at < 0 {
		if at, head = findHeader(all, aliases); at < 0 {
			return nil, nil //nolint:nilnil // there is no table on this sheet
		}
	}

	below := all[at+1:]
	if len(below) > maxRows {
		return nil, tooMany("read")
	}

	return &table{titles: all[:at], head: all[at], header: head, rows: below}, nil
}
