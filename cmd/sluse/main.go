// Command sluse is the service: it turns driving lists into screen visits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

const usage = `sluse turns driving lists into screen visits.

  sluse serve -config FILE [-role all|web|worker]   run the service
  sluse migrate up -config FILE                     bring every municipality's database to this version
  sluse migrate status -config FILE                 tell which version each database has
  sluse import -config FILE -municipality ID [-preview] LIST
                                                    import a driving list (CSV or XLSX)
  sluse people import -config FILE -municipality ID [-dry-run] [-kind employees|units|citizens] [-end-missing] LIST
                                                    bring employees, units or citizens in from a file (CSV or XLSX)
  sluse doctor -config FILE [-municipality ID]      look at how the outside systems are set up
  sluse record jwks -config FILE -municipality ID   print our public keys, for the operator of a FHIR record
  sluse login fingerprints FILE|URL                 print what to confirm with an identity provider
  sluse config check -config FILE                   tell everything that is wrong in the configuration
  sluse config reference                            print the documentation of every key
  sluse config keys                                 make the secrets of one municipality
  sluse version                                     print version and build
`

// errUsage is returned for a call that the program does not understand.
var errUsage = errors.New("usage")

// command is one sub-command; rest are the arguments behind its name.
type command func(ctx context.Context, rest []string, std std) error

// std are the standard streams.
type std struct {
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], std{out: os.Stdout, err: os.Stderr})

	stop()
	os.Exit(code)
}

// run returns the exit code: 0 done or helped, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, s std) int {
	commands := map[string]command{
		"serve": serve, "migrate": migrate, "import": importList, "people": people, "config": configure, "doctor": doctor, "record": record, "login": login, "version": version,
	}

	if len(args) > 0 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(s.out, usage)

		return 0
	}

	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(s.err, usage)

		return 2
	}

	switch err := commands[args[0]](ctx, args[1:], s); {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(s.err, err)
		fmt.Fprint(s.err, usage)

		return 2
	case err != nil:
		fmt.Fprintln(s.err, "sluse:", err)

		return 1
	}

	return 0
}
