package partition

import (
	"errors"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jq"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// maxRoutes is how many routes are remembered at once.
const maxRoutes = 4096

// NewRoutes makes the station of a stream to Apache Iceberg, whose query says where records go: it yields an object with
// destinationDatabaseName, destinationTableName and operation, each of which may be missing or null (destinations.md §6).
// What a function said of a record stays.
func NewRoutes(query *jq.Query, clock *Clock) *Keys {
	return &Keys{query: query, clock: clock, routes: true}
}

// route is extract of a station that routes.
func (k *Keys) route(r *record.Record) (message string) {
	k.found = record.Keys{}
	err := k.query.Extract(&k.keys, r.Data)
	var e *jq.ExtractError
	switch {
	case errors.As(err, &e) && e.Reason == jq.NullOrEmpty: // which is no mistake here
		if message = k.routeSlowly(r.Data); message != "" {
			return message
		}
	case err != nil:
		return text(err)
	default:
		for i := range k.keys.Len() {
			k.found.SetRoute(k.keys.Name(i), string(k.keys.Value(i)))
		}
	}
	if said := r.Keys; said != nil {
		if said.Database != "" {
			k.found.Database = said.Database
		}
		if said.Table != "" {
			k.found.Table = said.Table
		}
		if said.Operation != "" {
			k.found.Operation = said.Operation
		}
	}
	if k.table.Len() >= maxRoutes {
		k.table = record.Interner{} // nobody asks whether two are the same
	}
	return ""
}

// routeSlowly reads an output that has members without a value.
func (k *Keys) routeSlowly(data []byte) (message string) {
	var output []byte
	outputs := 0
	if err := k.query.Run(data, func(out []byte) error {
		output = append(output[:0], out...)
		outputs++
		return nil
	}); err != nil {
		return text(err)
	}
	if outputs != 1 || len(output) == 0 || output[0] != '{' {
		return "The metadata extraction query gave an output that is no object"
	}
	jsonscan.Members(output, 0, func(key []byte, v int) {
		switch output[v] {
		case 'n': // null
		case '"':
			value, _ := jsonscan.AppendString(nil, output, v+1)
			k.found.SetRoute(string(key), string(value))
		case '{', '[':
			if message == "" {
				message = text(&jq.ExtractError{Reason: jq.NotScalar, Key: string(key)})
			}
		default:
			k.found.SetRoute(string(key), string(output[v:jsonscan.Value(output, v)]))
		}
	})
	return message
}
