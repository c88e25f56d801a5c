package javatime

import "time"

// A WeekRule says on which day a week begins and which week is the first of its year. The two
// rules give different names to about half of all days: 2016-02-25 is in week 9 by US, in
// week 8 by ISO. The guide's rule for index rotation reads like US, its printed example is
// ISO's, hence the option week-rule (destinations.md, "Week conflict").
type WeekRule uint8

const (
	// US weeks begin on Sunday, and week 1 is the week of 1 January. The default.
	US WeekRule = iota
	// ISO weeks begin on Monday, and week 1 is the first with four days in the year.
	ISO
)

func (r WeekRule) String() string {
	if r == ISO {
		return "iso"
	}
	return "us"
}

// dayOfWeek counts from 1, the day a week begins on.
func (r WeekRule) dayOfWeek(d time.Weekday) int {
	if r == ISO {
		return int(d+6)%7 + 1
	}
	return int(d) + 1
}

// minDays is the least number of days week 1 has in its year.
func (r WeekRule) minDays() int {
	if r == ISO {
		return 4
	}
	return 1
}

// Week returns the week-based year of t's date in t's location, and the week's number in it,
// from 1.
func (r WeekRule) Week(t time.Time) (year, week int) {
	return r.week(t.Year(), t.YearDay(), r.dayOfWeek(t.Weekday()))
}

func (r WeekRule) week(year, yearDay, dow int) (int, int) {
	week := r.ordinal(yearDay, dow)
	if week == 0 { // days before week 1 belong to the last week of the year before
		return year - 1, r.ordinal(yearDay+daysIn(year-1), dow)
	}
	if days := daysIn(year); yearDay > days-7 {
		// The same weekday seven days on is in the next year: in its week 2, or still in week 1?
		if next := r.ordinal(yearDay+7-days, dow); next == 2 {
			return year + 1, 1
		}
	}
	return year, week
}

// ordinal numbers the week of a day within a month or a year: day counts from 1, dow is its
// day of the week. Days before week 1 are in week 0.
func (r WeekRule) ordinal(day, dow int) int {
	start := ((day-dow)%7 + 7) % 7 // days of the period before its first whole week
	if start >= r.minDays() {
		start -= 7 // that part of a week is week 1
	}
	return (day - 1 - start + 7) / 7
}

func daysIn(year int) int {
	if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 366
	}
	return 365
}
