package replaytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/internal/template"
)

// A Function is what runs a stream's function: in this process, as a process of its own, or behind an endpoint.
type Function struct {
	lambda.Invoker
	How     string        // it runs, for people: "builtin:general", "built from ."
	Timeout time.Duration // its time limit
	Memory  int           // in MB; 128 where the template doesn't say

	close func() error // ends its processes; nil without any
}

// Close ends the function's processes.
func (f *Function) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// FunctionOptions say how a function runs where its template doesn't.
type FunctionOptions struct {
	How     []string      // ID=HOW, as --function says it (cli.md); ID is the logical id or the name
	Default string        // HOW, where How doesn't say it; the template's own function where empty
	Timeout time.Duration // where no template gives one; DefaultFunctionTimeout where 0
	Dir     string        // that paths of the template are relative to
	HowDir  string        // that paths in How are relative to; the current directory where empty
	Log     io.Writer     // what the function prints, each line with its name; nil is nowhere
	InCase  bool          // How was read from a case, so errors speak of functions: and not of --function
	Cache   string        // the folder that functions are built into; hydrant/functions in the user's cache folder where empty
	Builds  *Builds       // shared by functions that are built once; nil builds each time

	// Door takes what the function puts back to its stream; who drives the pipeline advances it through the same one. Without
	// one, a builtin function has no Reingester, and processes aren't led anywhere.
	Door *harness.Door
}

// DefaultFunctionTimeout is a function's time limit where no template gives one (cli.md).
const DefaultFunctionTimeout = 60 * time.Second

// OpenFunction finds how the stream's function runs, builds it where it must, and returns it ready to be invoked.
// The description must have one. An error is one of usage: what was said, or the template, can't be followed.
func OpenFunction(ctx context.Context, d *harness.Description, o FunctionOptions) (*Function, error) {
	if o.Timeout == 0 {
		o.Timeout = DefaultFunctionTimeout
	}
	fn, err := describeFunction(d, o)
	if err != nil {
		return nil, err
	}
	other := ""
	for _, spec := range o.How {
		id, how, ok := strings.Cut(spec, "=")
		if !ok {
			return nil, fmt.Errorf("--function %s: ID=HOW is expected", spec)
		}
		if id == fn.id || id == fn.name {
			return fn.invoker(ctx, how)
		}
		if other == "" {
			other = o.said(id, how)
		}
	}
	if other != "" {
		return nil, fmt.Errorf("%s: the stream's function is %s", other, fn.id)
	}
	if o.Default != "" {
		return fn.invoker(ctx, o.Default)
	}
	if d.Function == nil {
		return nil, fmt.Errorf("%s: the function %s is not part of the template; say how to run it with %s",
			d.Stream.Lambda.Pos, d.Stream.Lambda.ARN, o.said(fn.name, "HOW"))
	}
	return fn.build(ctx, o.Dir)
}

// said is how a user says how a function runs.
func (o *FunctionOptions) said(id, how string) string {
	if o.InCase {
		return "functions: {" + id + ": " + how + "}"
	}
	return "--function " + id + "=" + how
}

// flag is what stands before HOW in errors about it.
func (o *FunctionOptions) flag() string {
	if o.InCase {
		return "functions:"
	}
	return "--function"
}

// path is a path of How.
func (o *FunctionOptions) path(p string) (string, error) {
	if !filepath.IsAbs(p) && o.HowDir != "" {
		p = filepath.Join(o.HowDir, p)
	}
	return filepath.Abs(p)
}

// Builds remembers what was built, so that cases that share a function build it once. Its zero value is empty.
type Builds struct {
	mu    sync.Mutex
	built map[string]func() error
}

// once builds what goes to out, unless that was done.
func (b *Builds) once(out string, build func() error) error {
	if b == nil {
		return build()
	}
	b.mu.Lock()
	f := b.built[out]
	if f == nil {
		if b.built == nil {
			b.built = map[string]func() error{}
		}
		f = sync.OnceValue(build)
		b.built[out] = f
	}
	b.mu.Unlock()
	return f()
}

// A buildError is a function that does not build.
type buildError struct{ err error }

func (e *buildError) Error() string { return e.err.Error() }
func (e *buildError) Unwrap() error { return e.err }

// A function is what the template says of one.
type function struct {
	options               FunctionOptions
	stream                *harness.Stream
	id, name, arn, region string
	resource              *template.Resource
	env                   []string
	environment           map[string]string
	timeout               time.Duration
	memory                int64
}

func describeFunction(d *harness.Description, o FunctionOptions) (*function, error) {
	l := d.Stream.Lambda
	fn := &function{options: o, stream: d.Stream, arn: l.ARN, region: d.Stream.Region, timeout: o.Timeout, memory: 128, environment: map[string]string{}}
	// arn:aws:lambda:region:account:function:NAME[:qualifier]
	if parts := strings.Split(l.ARN, ":"); len(parts) > 6 {
		fn.name = parts[6]
	}
	fn.id = fn.name
	if d.Function == nil {
		return fn, nil
	}
	fn.resource, fn.id = d.Function, d.Function.LogicalID
	props := d.Function.Properties
	if t := props.Get("Timeout"); !t.IsNull() {
		n, err := t.Int()
		if err != nil {
			return nil, err
		}
		fn.timeout = time.Duration(n) * time.Second
	} else {
		fn.timeout = 3 * time.Second // the default of AWS::Lambda::Function and AWS::Serverless::Function
	}
	if m := props.Get("MemorySize"); !m.IsNull() {
		n, err := m.Int()
		if err != nil {
			return nil, err
		}
		fn.memory = n
	}
	if vars := props.Get("Environment", "Variables"); vars != nil {
		for _, m := range vars.Members {
			v, err := m.Value.Str()
			if err != nil {
				return nil, err
			}
			fn.environment[m.Key] = v
			fn.env = append(fn.env, m.Key+"="+v)
		}
	}
	sort.Strings(fn.env)
	return fn, nil
}

// invoker makes what runs the function in the way that HOW says.
func (fn *function) invoker(ctx context.Context, how string) (*Function, error) {
	kind, rest, _ := strings.Cut(how, ":")
	switch kind {
	case "builtin":
		t, err := blueprints.Named(rest, func(k string) string { return fn.environment[k] })
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", fn.options.flag(), how, err)
		}
		h := hydrant.NewHandler(t)
		h.Log = fn.logger()
		if fn.options.Door != nil {
			h.Reingest = reingester{fn.options.Door}
		}
		return fn.in(h, how), nil
	case "go":
		source, err := fn.options.path(rest)
		if err != nil {
			return nil, err
		}
		cache, err := fn.cache(source)
		if err != nil {
			return nil, err
		}
		out := filepath.Join(cache, bootstrapName)
		if err := fn.options.Builds.once(out, func() error { return fn.goBuild(ctx, source, ".", out) }); err != nil {
			return nil, err
		}
		return fn.bootstrap([]string{out}, source, how)
	case "exec":
		args, err := splitCommand(rest)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", fn.options.flag(), how, err)
		}
		dir, err := fn.options.path(".")
		if err != nil {
			return nil, err
		}
		if strings.ContainsRune(args[0], filepath.Separator) && !filepath.IsAbs(args[0]) {
			args[0] = filepath.Join(dir, args[0])
		}
		if args[0], err = exec.LookPath(args[0]); err != nil {
			return nil, fmt.Errorf("%s %s: %w", fn.options.flag(), how, err)
		}
		if args[0], err = filepath.Abs(args[0]); err != nil {
			return nil, err
		}
		return fn.bootstrap(args, dir, how)
	case "http", "https":
		u, err := lambda.FunctionURL(how, fn.name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimSuffix(fn.options.flag(), ":"), err)
		}
		return fn.in(&lambda.Endpoint{URL: u, Timeout: fn.timeout}, how), nil
	}
	return nil, fmt.Errorf("%s %s: how to run it is builtin:NAME, go:./path, exec:CMD or http://…", fn.options.flag(), how)
}

// logger logs what went wrong with single records, without the wall clock's time.
func (fn *function) logger() *slog.Logger {
	if fn.options.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(&prefixed{w: fn.options.Log, prefix: fn.id + ": "}, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
}

// in is an invoker without processes.
func (fn *function) in(i lambda.Invoker, how string) *Function {
	return &Function{Invoker: i, How: how, Timeout: fn.timeout, Memory: int(fn.memory)}
}

func (fn *function) bootstrap(command []string, dir, how string) (*Function, error) {
	handler := "bootstrap"
	if fn.resource != nil {
		if h, err := fn.resource.Properties.Get("Handler").Str(); err == nil {
			handler = h
		}
	}
	b := &lambda.Bootstrap{Command: command, Dir: dir, Handler: handler, Name: fn.name, ARN: fn.arn, Region: fn.region,
		Memory: int(fn.memory), Timeout: fn.timeout}
	end := b.Close
	if fn.options.Door != nil {
		e, err := openEndpoint(fn.options.Door, fn.stream)
		if err != nil {
			return nil, err
		}
		b.Env = e.environment()
		end = func() error { return errors.Join(b.Close(), e.close()) }
	}
	b.Env = append(b.Env, fn.env...)
	if fn.options.Log != nil {
		b.Log = (&functionLog{w: fn.options.Log, name: fn.id}).line
	}
	return &Function{Invoker: b, How: how, Timeout: fn.timeout, Memory: int(fn.memory), close: end}, nil
}

const bootstrapName = "bootstrap"

// build makes the template's own function run: what sam build made, where that is newer than its source and fits this
// machine, else built for this machine into the user's cache folder.
func (fn *function) build(ctx context.Context, dir string) (*Function, error) {
	r := fn.resource
	runtimeName, err := r.Properties.Get("Runtime").Str()
	if err != nil {
		return nil, fmt.Errorf("%s: the function %s has no Runtime that can run here; say how with %s", r.Pos, fn.id, fn.options.said(fn.id, "HOW"))
	}
	codeURI, err := r.Properties.Get("CodeUri").Str()
	if err != nil {
		return nil, fmt.Errorf("%s: the function %s has no CodeUri to build from; say how to run it with %s", r.Pos, fn.id, fn.options.said(fn.id, "HOW"))
	}
	source := filepath.Join(dir, codeURI)
	switch {
	case strings.HasPrefix(runtimeName, "python"), strings.HasPrefix(runtimeName, "nodejs"):
		return fn.interpreted(runtimeName, dir, codeURI)
	case !strings.HasPrefix(runtimeName, "provided") && !strings.HasPrefix(runtimeName, "go"):
		return nil, fmt.Errorf("%s: functions of the runtime %s are not run here; say how to run it with %s",
			r.Properties.Get("Runtime").Pos, runtimeName, fn.options.said(fn.id, "exec:CMD"))
	}
	if sam := filepath.Join(dir, ".aws-sam", "build", fn.id, bootstrapName); fn.usable(sam, source) {
		abs, err := filepath.Abs(sam)
		if err != nil {
			return nil, err
		}
		return fn.bootstrap([]string{abs}, filepath.Dir(abs), ".aws-sam/build/"+fn.id)
	}
	cache, err := fn.cache(source)
	if err != nil {
		return nil, err
	}
	out := filepath.Join(cache, bootstrapName)
	method := ""
	if m := r.Metadata.Get("BuildMethod"); m != nil {
		if method, err = m.Str(); err != nil {
			return nil, err
		}
	}
	err = fn.options.Builds.once(out, func() error {
		switch method {
		case "makefile":
			return fn.makeBuild(ctx, source, cache, out)
		case "go1.x", "":
			return fn.goBuild(ctx, source, ".", out)
		}
		return fmt.Errorf("%s: the build method %s is not known here; run sam build, or say how to run the function with %s",
			r.Metadata.Get("BuildMethod").Pos, method, fn.options.said(fn.id, "HOW"))
	})
	if err != nil {
		return nil, err
	}
	return fn.bootstrap([]string{out}, cache, "built from "+codeURI)
}

// usable reports whether sam's binary is there, newer than every source file, and for this machine.
func (fn *function) usable(bin, source string) bool {
	info, err := os.Stat(bin)
	if err != nil || !fits(bin) {
		return false
	}
	newer := true
	err = filepath.WalkDir(source, func(path string, e os.DirEntry, err error) error {
		if err != nil || !newer {
			return filepath.SkipAll
		}
		if e.IsDir() && path != source && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if e.Type().IsRegular() && (strings.HasSuffix(path, ".go") || e.Name() == "go.mod" || e.Name() == "Makefile") {
			if i, err := e.Info(); err != nil || i.ModTime().After(info.ModTime()) {
				newer = false
			}
		}
		return nil
	})
	return err == nil && newer
}

// cache is the folder that a function is built into.
func (fn *function) cache(source string) (string, error) {
	base := fn.options.Cache
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		base = filepath.Join(user, "hydrant", "functions")
	}
	abs, err := filepath.Abs(source)
	if err != nil {
		return "", err
	}
	h := sha256.Sum256([]byte(abs + "\x00" + fn.id))
	dir := filepath.Join(base, fn.id+"-"+hex.EncodeToString(h[:6]))
	return dir, os.MkdirAll(dir, 0o755)
}

// makeBuild calls what sam build calls, for this machine: make build-<LogicalID> with GOARCH set. A Makefile that
// builds for another machine all the same is said so.
func (fn *function) makeBuild(ctx context.Context, source, cache, out string) error {
	cmd := exec.CommandContext(ctx, "make", "build-"+fn.id, "ARTIFACTS_DIR="+cache, "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	cmd.Dir = source
	if err := runBuild(cmd); err != nil {
		return err
	}
	if _, err := os.Stat(out); err != nil {
		return fmt.Errorf("make build-%s put no bootstrap into ARTIFACTS_DIR", fn.id)
	}
	if !fits(out) {
		return fmt.Errorf("make build-%s built a bootstrap for another machine, although it was given GOOS=%s GOARCH=%s", fn.id, runtime.GOOS, runtime.GOARCH)
	}
	return nil
}

func (fn *function) goBuild(ctx context.Context, dir, pkg, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return runBuild(cmd)
}

// runBuild runs a build and, where it fails, tells what it printed.
func runBuild(cmd *exec.Cmd) error {
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	if err := cmd.Run(); err != nil {
		return &buildError{fmt.Errorf("%s in %s: %w\n%s", strings.Join(cmd.Args, " "), cmd.Dir, err, bytes.TrimSpace(b.Bytes()))}
	}
	return nil
}

// fits reports whether a program is for this machine. A script is.
func fits(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 20)
	if _, err := io.ReadFull(f, head); err != nil {
		return bytes.HasPrefix(head, []byte("#!"))
	}
	if !bytes.HasPrefix(head, []byte("\x7fELF")) {
		return runtime.GOOS != "linux" || bytes.HasPrefix(head, []byte("#!"))
	}
	machine := uint16(head[18]) | uint16(head[19])<<8 // e_machine
	return runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" && machine == 62 || runtime.GOARCH == "arm64" && machine == 183)
}

// splitCommand splits a command as a shell would, without running one: blanks, quotes, backslashes.
func splitCommand(s string) ([]string, error) {
	var args []string
	var cur strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			switch {
			case c == quote:
				quote = 0
			case c == '\\' && quote == '"' && i+1 < len(s) && strings.IndexByte("\"\\$`", s[i+1]) >= 0:
				i++
				cur.WriteByte(s[i])
			default:
				cur.WriteByte(c)
			}
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == '\\' && i+1 < len(s):
			i++
			cur.WriteByte(s[i])
			in = true
		case c == ' ' || c == '\t' || c == '\n':
			if in {
				args = append(args, cur.String())
				cur.Reset()
				in = false
			}
		default:
			cur.WriteByte(c)
			in = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	if in {
		args = append(args, cur.String())
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("no command")
	}
	return args, nil
}

// prefixed writes lines with the function's name before each.
type prefixed struct {
	w      io.Writer
	prefix string
}

func (p *prefixed) Write(line []byte) (int, error) {
	if _, err := io.WriteString(p.w, p.prefix+string(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// A functionLog writes what the processes of a function print: each line with the function's name, and before the first of
// an invocation which records it has. Lines of CloudWatch's embedded metric format are measurements for a service that isn't
// here, and are left out.
type functionLog struct {
	w    io.Writer
	name string

	mu   sync.Mutex
	told string // the records that the last line was about
}

func (l *functionLog) line(records string, line []byte) {
	if bytes.HasPrefix(line, []byte(`{"_aws":`)) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var text []byte
	if records != l.told && records != "" {
		text = fmt.Appendf(text, "%s: %s:\n", l.name, records)
	}
	l.told = records
	l.w.Write(fmt.Appendf(text, "%s: %s\n", l.name, line)) //nolint:errcheck // there is nowhere to tell it
}
