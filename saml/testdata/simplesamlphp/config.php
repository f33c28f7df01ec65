<?php
// SimpleSAMLphp as an identity provider for the tests of package saml: no database, no
// password, everything else below the directory that the test names.
$dir = getenv('SLUSE_ISSUER_DIR') . '/';
$config = [
    'baseurlpath' => getenv('SLUSE_ISSUER_URL') . '/',
    'certdir' => $dir,
    'datadir' => $dir,
    'tempdir' => $dir,
    'loggingdir' => $dir,
    'logging.handler' => 'errorlog',
    'logging.level' => SimpleSAML\Logger::WARNING,
    'technicalcontact_email' => 'test@testkommunen.example',
    'secretsalt' => bin2hex(random_bytes(16)),
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'timezone' => 'UTC',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'store.type' => 'phpsession',
    'session.phpsession.savepath' => $dir,
    'session.cookie.secure' => false,
    'metadata.sources' => [['type' => 'flatfile', 'directory' => __DIR__ . '/metadata']],
];
// One salt for all requests of a run.
file_exists($dir . 'salt') || file_put_contents($dir . 'salt', $config['secretsalt']);
$config['secretsalt'] = file_get_contents($dir . 'salt');
