# Orders pairs of RubyGems versions with Gem::Version.
# Reads lines "a<TAB>b", writes one of < = > ? a line.
STDIN.each_line do |line|
  left, right = line.chomp.split("\t", -1)
  if Gem::Version.correct?(left) && Gem::Version.correct?(right)
    puts %w[= > <][Gem::Version.new(left) <=> Gem::Version.new(right)]
  else
    puts "?"
  end
end
