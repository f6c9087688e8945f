// Command willson is the backend of Willson: it answers the app's requests from Firestore,
// for the user whose Firebase token they carry. The README tells how it is configured and run.
package main

import (
	"os"

	"willson/server"
)

func main() { os.Exit(server.Main()) }
