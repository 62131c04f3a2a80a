# Orders pairs of R package versions with utils::compareVersion.
# Reads lines "a<TAB>b", writes one of < = > ? a line.
form <- "^([[:digit:]]+[.-]?)*[[:digit:]]+$"
for (line in readLines(file("stdin"))) {
  pair <- strsplit(line, "\t", fixed = TRUE)[[1]]
  if (length(pair) != 2 || !all(grepl(form, pair))) {
    cat("?\n")
  } else {
    cat(c("<", "=", ">")[utils::compareVersion(pair[1], pair[2]) + 2], "\n", sep = "")
  }
}
