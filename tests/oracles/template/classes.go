package main

import (
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// categories and scripts are Rust that says which characters `\p{name}` takes, with and without regard to case.
func categories() string {
	names := map[string]bool{"Ascii": true, "Lc": true}
	for name := range unicode.Categories {
		names[name] = name != "LC"
	}
	aliases := map[string]string{}
	for alias, name := range unicode.CategoryAliases {
		canonical := alias[:1] + strings.ToLower(strings.ReplaceAll(alias[1:], "_", ""))
		aliases[strings.ToUpper(canonical[:1])+canonical[1:]] = name[:1] + strings.ToLower(name[1:])
	}
	out := table("CATEGORIES", names)
	out += "\n/// Other names of categories.\n#[rustfmt::skip]\npub(crate) const ALIASES: &[(&str, &str)] = &[\n"
	return out + wrapped(slices.Sorted(maps.Keys(aliases)), func(alias string) string {
		return fmt.Sprintf("(%q, %q)", alias, aliases[alias])
	}) + "];\n"
}

func scripts() string {
	names := map[string]bool{}
	for name := range unicode.Scripts {
		names[name] = true
	}
	return table("SCRIPTS", names)
}

func table(constant string, names map[string]bool) string {
	out := header + "/// Names as Go finds them, the characters, and those that are added where case does not count: for each range\n" +
		"/// the distance from the one before and, unless it is one, the length, to the base 36.\n" +
		"#[rustfmt::skip]\npub(crate) const " + constant + ": &[(&str, &str, &str)] = &[\n"
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !names[name] {
			continue
		}
		plain, ok := runes(`\p{` + name + `}`)
		if !ok {
			continue
		}
		folded, _ := runes(`(?i)\p{` + name + `}`)
		out += fmt.Sprintf("    (%q,%s,%s),\n", name, literal(plain), literal(without(folded, plain)))
	}
	return out + "];\n"
}

// runes are the ranges that an expression of one class takes.
func runes(expression string) ([]rune, bool) {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, false
	}
	switch parsed.Op {
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}, true
	case syntax.OpLiteral:
		return []rune{parsed.Rune[0], parsed.Rune[0]}, true
	}
	return parsed.Rune, true
}

func without(all, taken []rune) (left []rune) {
	for i := 0; i < len(all); i += 2 {
		for r := all[i]; r <= all[i+1]; r++ {
			found := false
			for j := 0; j < len(taken) && !found; j += 2 {
				found = taken[j] <= r && r <= taken[j+1]
			}
			if found {
				continue
			}
			if n := len(left); n > 0 && left[n-1] == r-1 {
				left[n-1] = r
			} else {
				left = append(left, r, r)
			}
		}
	}
	return left
}

// literal is a string of Rust, on as many lines as it takes.
func literal(ranges []rune) string {
	var words []string
	end := rune(0)
	for i := 0; i < len(ranges); i += 2 {
		word := strconv.FormatInt(int64(ranges[i]-end), 36)
		if length := ranges[i+1] - ranges[i] + 1; length > 1 {
			word += "-" + strconv.FormatInt(int64(length), 36)
		}
		words = append(words, word)
		end = ranges[i+1] + 1
	}
	text, line := " \"", ""
	for _, word := range words {
		if len(line)+len(word) > 100 {
			text += line + "\\\n     "
			line = ""
		}
		line += word + " "
	}
	return text + strings.TrimSuffix(line, " ") + "\""
}
