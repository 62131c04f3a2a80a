// Orders pairs of semantic versions with node-semver, as npm brings it along.
// Reads lines "a<TAB>b", writes one of < = > ? a line.
// Its path is the first argument; "loose" is left off: the key reads more than npm does.
const semver = require(process.argv[2]);
const lines = require("fs").readFileSync(0, "utf8").split("\n");
if (lines[lines.length - 1] === "") lines.pop();
const out = lines.map((line) => {
  const [left, right] = line.split("\t");
  if (!semver.valid(left) || !semver.valid(right)) return "?";
  return { "-1": "<", 0: "=", 1: ">" }[semver.compare(left, right)];
});
process.stdout.write(out.join("\n") + "\n");
