<?php
$peer = json_decode(file_get_contents(dirname(__DIR__) . '/peer.json'), true);
$config = ['people' => ['exampleauth:UserPass']];
foreach ($peer['people'] as $name => $attributes) {
    $config['people']["$name:" . $peer['password']] = $attributes;
}
