package oidcsim

// loginPage lets a person choose who logs in, at which level, and with which fault.
const loginPage = `<!doctype html>
<html lang="da"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Simuleret login</title></head>
<body>
<h1>{{if .MitID}}Log ind med MitID (simulator){{else}}Log ind (simulator){{end}}</h1>
<p>Dette er en simulator. Personerne er testpersoner. Der er ingen adgangskode: et klik logger ind.</p>
{{if .ACR}}<p>Tjenesten beder om: <code>{{.ACR}}</code></p>{{end}}
<form method="post" action="/authorize"><input type="hidden" name="held" value="{{.Held}}">
<p><button name="fault" value="cancel">Afbryd</button></p>
<p><label for="level">Sikringsniveau</label>
<select id="level" name="level"><option value="">Som personen har</option><option value="low">Lav</option><option value="substantial">Betydelig</option><option value="high">Høj</option></select></p>
<ul>{{range .People}}<li><button name="person" value="{{.ID}}">{{.Name}}</button> {{.Number}}{{if .Professional}} (erhverv){{end}}</li>{{end}}</ul>
</form>
<form method="post" action="/authorize"><input type="hidden" name="held" value="{{.Held}}">
<p><label for="fault">Fejl og angreb (til afprøvning)</label>
<select id="fault" name="fault">{{range .Faults}}<option>{{.}}</option>{{end}}</select>
<button name="person" value="{{with index .People 0}}{{.ID}}{{end}}">Log ind med fejlen</button></p>
</form>
</body></html>
`
