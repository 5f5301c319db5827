//go:build js && wasm

// Command execrole-page is the core of execrole for a page in the browser, compiled to WebAssembly. The folder web has the
// page itself, and builds all of it.
package main

import (
	"syscall/js"

	"github.com/execrole/execrole/cmd/execrole-page/page"
)

func main() {
	// The function is the only one that the page calls: text in, text out.
	js.Global().Set("execrole", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return page.RunJSON(args[0].String())
	}))
	select {} // the function is called as long as the page is open
}
