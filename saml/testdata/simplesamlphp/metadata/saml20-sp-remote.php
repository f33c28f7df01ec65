<?php
// SimpleSAMLphp reads our metadata with its own parser.
$file = getenv('SLUSE_ISSUER_DIR') . '/sp.xml';
$parser = SimpleSAML\Metadata\SAMLParser::parseString(file_get_contents($file));
$metadata[$parser->getEntityID()] = $parser->getMetadata20SP();
