// Command template answers what Go's text/template with sprig makes of a template.
//
//	template          reads one case a line on stdin, writes one answer a line on stdout
//	template update F fills in the outcomes of the vectors in the file F
//	template functions F writes names and parameters of all functions to the file F
//	template tables D writes Go's Unicode tables as Rust into the directory D
//
// Beyond sprig's functions there are `describe` and `bcryptMatches`, for what is random.
//
// A case is {"template": …, "values": {key: base64}}, an answer
// {"go": outcome, "strict": outcome} where an outcome is {"ok": bool, "output": base64}.
// `go` is the engine as Sealed Secrets runs it. `strict` is what Bulla promises for envelopes:
// a missing key is an error, by `.key`, by `index`, and where `<no value>` would be printed.
// An output of more than 1 MiB is an error too, as it is for Bulla. An outcome says how long it took in nanoseconds.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"time"
)

type question struct {
	Template string            `json:"template"`
	Values   map[string][]byte `json:"values"`
}

type outcome struct {
	OK     bool   `json:"ok"`
	Output []byte `json:"output,omitempty"`
	Error  string `json:"error,omitempty"`
	Took   int64  `json:"took"`
}

type answer struct {
	Go     outcome `json:"go"`
	Strict outcome `json:"strict"`
}

func main() {
	// The container of Sealed Secrets has no time zone of its own.
	os.Setenv("TZ", "")
	if len(os.Args) > 1 {
		if err := command(os.Args[1], os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		values := make(map[string]string, len(asked.Values))
		for key, value := range asked.Values {
			values[key] = string(value)
		}
		encoder.Encode(answer{
			Go:     render(asked.Template, values, false),
			Strict: render(asked.Template, values, true),
		})
		out.Flush()
	}
}

func command(name string, arguments []string) error {
	work, known := map[string]func(string) error{
		"functions": writeFunctions, "tables": writeTables, "update": update,
	}[name]
	if !known {
		return fmt.Errorf("unknown command %s", name)
	}
	for _, argument := range arguments {
		if err := work(argument); err != nil {
			return err
		}
	}
	return nil
}

func render(source string, values map[string]string, strict bool) outcome {
	start := time.Now()
	result := renderBounded(source, values, strict)
	result.Took = time.Since(start).Nanoseconds()
	return result
}

// bounded is an output of at most 1 MiB.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 1<<20 {
		return 0, errors.New("too large")
	}
	return b.Buffer.Write(p)
}

func renderBounded(source string, values map[string]string, strict bool) outcome {
	parsed := template.New("url").Funcs(functions())
	if strict {
		parsed = parsed.Option("missingkey=error").Funcs(strictFunctions(values))
	}
	parsed, err := parsed.Parse(source)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	var output bounded
	if err := parsed.Execute(&output, values); err != nil {
		return outcome{Error: err.Error()}
	}
	if strict && strings.Contains(output.String(), "<no value>") {
		return outcome{Error: "<no value>"}
	}
	return outcome{OK: true, Output: output.Bytes()}
}

// strictFunctions replaces those of Go's own functions that make something of nothing.
func strictFunctions(values map[string]string) template.FuncMap {
	escaper := func(escape func(...any) string) any {
		return func(arguments ...any) (string, error) {
			if slices.Contains(arguments, nil) {
				return "", errors.New("no value")
			}
			return escape(arguments...), nil
		}
	}
	return template.FuncMap{
		"index":    strictIndex(values),
		"html":     escaper(template.HTMLEscaper),
		"js":       escaper(template.JSEscaper),
		"urlquery": escaper(template.URLQueryEscaper),
	}
}

// strictIndex is `index`, but that a key which the values lack is an error.
func strictIndex(values map[string]string) any {
	root := reflect.ValueOf(values).Pointer()
	return func(item reflect.Value, indexes ...reflect.Value) (reflect.Value, error) {
		if len(indexes) == 0 {
			return builtinIndex(item, nil)
		}
		for _, index := range indexes {
			under, key := inside(item), inside(index)
			if under.Kind() == reflect.Map && under.Pointer() == root && key.Kind() == reflect.String {
				if _, has := values[key.String()]; !has {
					return reflect.Value{}, errors.New("missing key")
				}
			}
			next, err := builtinIndex(item, &index)
			if err != nil {
				return reflect.Value{}, err
			}
			item = next
		}
		return item, nil
	}
}

// builtinIndex asks the engine's own `index`, which no package exports.
func builtinIndex(item reflect.Value, index *reflect.Value) (result reflect.Value, err error) {
	source := "{{ capture (index .Item) }}"
	data := struct{ Item, Index any }{Item: plain(item)}
	if index != nil {
		source = "{{ capture (index .Item .Index) }}"
		data.Index = plain(*index)
	}
	capture := func(v reflect.Value) string { result = v; return "" }
	asked := template.Must(template.New("").Funcs(template.FuncMap{"capture": capture}).Parse(source))
	err = asked.Execute(io.Discard, data)
	return result, err
}

func inside(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	return v
}

func plain(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	return v.Interface()
}
