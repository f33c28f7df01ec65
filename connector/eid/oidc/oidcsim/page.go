package oidcsim

// frame is around every page.
const frame = `{{define "head"}}<!doctype html>
<html lang="da"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.}} · simulator</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #f5f5f5; margin: 0; }
header { background: #0b5c55; color: #fff; padding: .25rem 1rem; }
main { max-width: 42rem; margin: 1rem auto; padding: 1rem; background: #fff; }
h1 { font-size: 1.5rem; line-height: 1.25; }
ul { list-style: none; padding: 0; }
li { margin: .5rem 0; }
button { font: inherit; padding: .75rem 1rem; border: 2px solid #0b5c55; background: #fff; color: #1a1a1a; border-radius: 4px; cursor: pointer; }
button:hover { background: #e3f2f0; }
button:focus-visible, select:focus-visible, a:focus-visible { outline: 3px solid #000; outline-offset: 2px; }
.people button { width: 100%; text-align: left; }
.people span { display: block; color: #454545; font-size: .9rem; }
label { display: block; margin-top: .5rem; }
select { font: inherit; max-width: 100%; padding: .5rem; }
code { overflow-wrap: anywhere; }
</style></head>
<body><header><p><strong>Anden udbyder</strong> · simuleret login med OpenID Connect, ikke til drift</p></header>
<main>{{end}}
{{define "foot"}}</main></body></html>
{{end}}`

// loginPage lets a person choose who logs in, at which level, and with which fault.
const loginPage = `{{define "login"}}{{template "head" "Log ind"}}
<h1>{{if .MitID}}Log ind med MitID{{else}}Log ind{{end}}</h1>
<p>Personerne er testpersoner. Der er ingen adgangskode: et klik logger ind.</p>
{{if .ACR}}<p>Tjenesten beder om: <code>{{.ACR}}</code></p>{{end}}
<form method="post" action="/authorize"><input type="hidden" name="held" value="{{.Held}}">
<p><button name="fault" value="cancel">Afbryd</button></p>
<label for="level">Sikringsniveau i svaret</label>
<select id="level" name="level"><option value="">Som personen har</option><option value="low">Lav</option><option value="substantial">Betydelig</option><option value="high">Høj</option></select>
<ul class="people">{{range .People}}<li><button name="person" value="{{.ID}}"><strong>{{.Name}}</strong><span>{{.Number}}{{if .Professional}} (erhverv){{else}} (testperson){{end}}</span></button></li>{{end}}</ul>
</form>
<form method="post" action="/authorize"><input type="hidden" name="held" value="{{.Held}}">
<label for="fault">Fejl og angreb (til afprøvning)</label>
<select id="fault" name="fault">{{range .Faults}}<option>{{.}}</option>{{end}}</select>
<p><button name="person" value="{{with index .People 0}}{{.ID}}{{end}}">Log ind med fejlen</button></p>
</form>
{{template "foot"}}{{end}}`
