package life_test

import (
	"fmt"
	"os"
	"text/tabwriter"

	"willson/life"
)

// Who may do what to a match of each status.
func ExampleTable() {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	statuses := []string{life.Init, life.Waiting, life.Chat, life.Complete}
	fmt.Fprintf(out, "action\tparty\t%s\t%s\t%s\t%s\n", statuses[0], statuses[1], statuses[2], statuses[3])
	for _, row := range life.Table() {
		for _, party := range row.Parties {
			fmt.Fprintf(out, "%s\t%s", row.Action, party)
			for _, status := range statuses {
				fmt.Fprintf(out, "\t%s", life.May(row.Action, party, status))
			}
			fmt.Fprintln(out)
		}
	}
	out.Flush()
	// Output:
	// action    party      init  waiting  chat   complete
	// offer     willsoner  acts  again    -      -
	// select    asker      -     acts     again  -
	// join      asker      -     -        acts   -
	// join      willsoner  -     -        acts   -
	// complete  asker      -     -        acts   again
	// review    asker      -     -        acts   acts
	// report    asker      -     -        acts   acts
}
