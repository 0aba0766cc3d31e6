package main

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// builtins are the parameters of Go's own functions, which no package exports.
var builtins = map[string]string{
	"and": "reflect.Value ...reflect.Value", "or": "reflect.Value ...reflect.Value", "not": "reflect.Value",
	"call": "reflect.Value ...reflect.Value", "index": "reflect.Value ...reflect.Value", "len": "reflect.Value",
	"html": "...interface {}", "js": "...interface {}", "urlquery": "...interface {}",
	"print": "...interface {}", "println": "...interface {}", "printf": "string ...interface {}",
	"eq": "reflect.Value ...reflect.Value", "ne": "reflect.Value reflect.Value",
	"lt": "reflect.Value reflect.Value", "le": "reflect.Value reflect.Value",
	"gt": "reflect.Value reflect.Value", "ge": "reflect.Value reflect.Value",
}

// functions are sprig's, as Sealed Secrets offers them.
func functions() template.FuncMap {
	functions := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(functions, name)
	}
	maps.Copy(functions, describing)
	maps.Copy(functions, making)
	functions["printf"] = printf
	return functions
}

// writeFunctions writes a line for each function of Go and sprig: its name and parameters, between tabs.
// The ones that Sealed Secrets leaves out are there too.
func writeFunctions(path string) error {
	lines := map[string]string{}
	for name, parameters := range builtins {
		parameters = strings.NewReplacer(" ...", "\t...", " reflect", "\treflect").Replace(parameters)
		lines[name] = name + "\t" + parameters
	}
	for name, function := range sprig.TxtFuncMap() {
		lines[name] = signature(name, reflect.TypeOf(function))
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintln(&out, lines[name])
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

func signature(name string, function reflect.Type) string {
	for n := range function.NumIn() {
		parameter := function.In(n)
		if function.IsVariadic() && n == function.NumIn()-1 {
			name += "\t..." + parameter.Elem().String()
		} else {
			name += "\t" + parameter.String()
		}
	}
	return name
}
