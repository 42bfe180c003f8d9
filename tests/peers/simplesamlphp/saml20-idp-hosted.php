<?php
$peer = json_decode(file_get_contents(dirname(__DIR__) . '/peer.json'), true);
$metadata['__DYNAMIC:1__'] = $peer['itself'] + [
    'host' => '__DEFAULT__',
    'auth' => 'people',
    'privatekey' => 'present.pem',
    'certificate' => 'present.crt',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'validate.authnrequest' => true,
    'validate.logout' => true,
    'sign.logout' => true,
];
