package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"
)

// A vector is one line of a file: the values of the lines below it, or a case with its outcomes.
// An outcome is text, bytes in base64 where it is not UTF-8, or null for an error.
type vector struct {
	Values   map[string][]byte `json:"values,omitempty"`
	Template *string           `json:"template,omitempty"`
	Go       *string           `json:"go,omitempty"`
	GoBytes  []byte            `json:"goBytes,omitempty"`
	Strict   *string           `json:"strict,omitempty"`
	// StrictBytes is absent where strict rendering fails.
	StrictBytes []byte `json:"strictBytes,omitempty"`
}

// update fills in the outcomes of every vector of a file.
func update(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	values := map[string]string{}
	for n, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var v vector
		if err := json.Unmarshal(line, &v); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n+1, err)
		}
		if v.Template == nil {
			values = map[string]string{}
			for key, value := range v.Values {
				values[key] = string(value)
			}
			encoder.Encode(v)
			continue
		}
		v.Go, v.GoBytes = shown(render(*v.Template, values, false))
		v.Strict, v.StrictBytes = shown(render(*v.Template, values, true))
		encoder.Encode(v)
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func shown(o outcome) (*string, []byte) {
	if !o.OK {
		return nil, nil
	}
	text := string(o.Output)
	if !utf8.ValidString(text) {
		return nil, o.Output
	}
	return &text, nil
}
