package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// installBrowser sees to a Chrome or Chromium for the console's tests. It only tells when there is none to be had:
// those tests fail then, and the others still say what they have to say.
func (w *world) installBrowser(ctx context.Context) {
	if hasBrowser() {
		return
	}
	_, errDebian := os.Stat("/etc/debian_version")
	if errDebian != nil || os.Getuid() != 0 {
		fmt.Fprintln(w.out, "There is no Chrome or Chromium, which the console's tests drive: install one (Debian: apt-get install chromium).")
		return
	}
	update := command(ctx, "apt-get", "update")
	install := command(ctx, "apt-get", "install", "-y", "--no-install-recommends", "chromium")
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	for _, cmd := range []*exec.Cmd{update, install} {
		if err := w.step(ctx, "Installing Chromium for the console's tests", cmd); err != nil {
			fmt.Fprintln(w.out, err)
			return
		}
	}
}

func hasBrowser() bool {
	for _, name := range []string{
		os.Getenv("CHROME_PATH"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if _, err := exec.LookPath(name); err == nil {
			return true
		}
	}
	return false
}
