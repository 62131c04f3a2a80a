<?php
// Orders pairs of Composer versions with composer/semver, whose autoloader is the first argument.
// Reads lines "a<TAB>b", writes one of < = > ? a line.
require $argv[1];

$parser = new Composer\Semver\VersionParser();
while (($line = fgets(STDIN)) !== false) {
    [$left, $right] = explode("\t", rtrim($line, "\n"));
    try {
        $a = $parser->normalize($left);
        $b = $parser->normalize($right);
    } catch (UnexpectedValueException $refusal) {
        echo "?\n";
        continue;
    }
    if (Composer\Semver\Comparator::equalTo($a, $b)) {
        echo "=\n";
    } else {
        echo Composer\Semver\Comparator::lessThan($a, $b) ? "<\n"
            : (Composer\Semver\Comparator::greaterThan($a, $b) ? ">\n" : "?\n");
    }
}
