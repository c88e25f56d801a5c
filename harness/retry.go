package harness

import "time"

// A budget says how long something unavailable is tried again. The first of its bounds that is reached ends it.
// Budgets live in this file, and only here.
type budget struct {
	Attempts int           // in all; 0 is any number
	For      time.Duration // from the first failure; 0 is no bound
	// FromAdmission has For count from when the oldest record came: the stream keeps it no longer.
	FromAdmission bool
	// FromFirst has For count from the first attempt, instead of its failure.
	FromFirst bool
	First     time.Duration // pause after the first failure; then doubled
	Cap       time.Duration // the longest pause
	Jitter    float64       // pauses are up to this part shorter or longer
}

// The budgets.
//
//	transform   NumberOfRetries more attempts; pauses are a CHOICE (record-transformation.md §4)
//	s3          24 hours from admission, the stream's retention; pauses are a CHOICE (s3-delivery.md §8)
func transformBudget(retries int) budget {
	return budget{Attempts: retries + 1, First: time.Second, Cap: 10 * time.Second}
}

// partition   RetryOptions.DurationInSeconds from the first failure, then the error output (dynamic-partitioning.md §1, §6)
var s3Budget = budget{For: 24 * time.Hour, FromAdmission: true, First: time.Second, Cap: time.Minute}

func partitionBudget(d time.Duration) budget {
	return budget{Attempts: 0, For: max(d, time.Nanosecond), First: time.Second, Cap: time.Minute}
}

// endpointBudget: RetryOptions.DurationInSeconds from the first failure without the waits for acknowledgements, then the error output; 0 is no
// retry. Pauses are those of HTTP endpoints, of which the guide says that they may change (destinations.md §4.4); n from 0 is a CHOICE, and so are
// the same pauses for Splunk.
func endpointBudget(d time.Duration) budget {
	if d == 0 {
		return budget{Attempts: 1}
	}
	return budget{For: d, First: time.Second, Cap: 2 * time.Minute, Jitter: 0.15}
}

// bulkBudget: RetryOptions.DurationInSeconds from the first attempt, then the error output; 0 is no retry. The pace is OpenSearch's, and that
// of Redshift's COPY (destinations.md §0, §1, §2).
func bulkBudget(d time.Duration) budget {
	if d == 0 {
		return budget{Attempts: 1}
	}
	return budget{For: d, FromFirst: true, First: 5 * time.Minute, Cap: 5 * time.Minute}
}

// together is how much time the records may lie apart that are cut as one batch when a delivery lags, so that a batch which
// is as old as its oldest record isn't given up for the sake of that one; 0 is any.
func (b budget) together() time.Duration {
	if b.FromAdmission {
		return time.Hour
	}
	return 0
}

// next says when to try again after attempts failed ones, the last of which ended at end. since is where For counts from. chance, from 0 to 1, is
// where in the range of its jitter a pause lies. ok is false when the budget is spent.
func (b budget) next(attempts int, since, end time.Time, chance float64) (at time.Time, ok bool) {
	if b.Attempts > 0 && attempts >= b.Attempts {
		return time.Time{}, false
	}
	pause := b.Cap
	if attempts < 16 {
		pause = min(b.First<<(attempts-1), b.Cap)
	}
	if b.Jitter > 0 {
		pause = time.Duration(float64(pause) * (1 + b.Jitter*(2*chance-1)))
	}
	at = end.Add(pause)
	if b.For > 0 && at.After(since.Add(b.For)) {
		return time.Time{}, false
	}
	return at, true
}
