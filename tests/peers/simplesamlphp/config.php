<?php
// Everything lies in the folder of this file's parent; peer.json there says what differs.
$home = dirname(__DIR__);
$peer = json_decode(file_get_contents("$home/peer.json"), true);
$config = [
    'baseurlpath' => $peer['url'] . '/simplesaml/',
    'certdir' => "$home/cert/",
    'loggingdir' => "$home/log/",
    'datadir' => "$home/data/",
    'tempdir' => "$home/tmp",
    'metadatadir' => "$home/metadata",
    'secretsalt' => $peer['salt'],
    'auth.adminpassword' => $peer['salt'],
    'technicalcontact_email' => 'peer@provider.example',
    'timezone' => 'UTC',
    'logging.level' => SimpleSAML\Logger::WARNING,
    'logging.handler' => 'file',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false,
    'session.phpsession.savepath' => "$home/sessions",
    'session.phpsession.cookiename' => 'PeerSession',
    'language.default' => 'en',
    'metadata.sources' => [['type' => 'flatfile']],
    'store.type' => 'phpsession',
    'authproc.idp' => [],
];
