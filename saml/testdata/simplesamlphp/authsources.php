<?php
// One employee who is always logged in, in the names of Entra ID and of OIOSAML 3.
$config = [
    'employee' => [
        'exampleauth:StaticSource',
        'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn' => ['MSK'],
        'http://schemas.microsoft.com/identity/claims/displayname' => ['Medarbejder Æøå & <Co>'],
        'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress' => ['msk@testkommunen.example'],
        'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups' => ['sluse-caregiver', 'sluse-planner'],
        'https://data.gov.dk/model/core/specVersion' => ['OIO-SAML-3.0'],
        'https://data.gov.dk/concept/core/nsis/loa' => ['Substantial'],
        'https://data.gov.dk/model/core/eid/professional/uuid/persistent' => ['c7b2a3a6-5f0e-4e52-9c0a-0d6f0e4b8f11'],
        'https://data.gov.dk/model/core/eid/professional/cvr' => ['29189846'],
        'https://data.gov.dk/model/core/eid/professional/orgName' => ['Testkommunen'],
        'https://data.gov.dk/model/core/eid/fullName' => ['Medarbejder Æøå & <Co>'],
        'name' => ['https://data.gov.dk/model/core/eid/professional/uuid/c7b2a3a6-5f0e-4e52-9c0a-0d6f0e4b8f11'],
    ],
];
