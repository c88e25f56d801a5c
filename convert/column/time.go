package column

// EpochDay returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar. Months and days
// outside of their range count on: month 13 is January of the next year, day 0 the day before the first.
func EpochDay(year, month, day int) int64 {
	y, m := int64(year), int64(month)-1
	y += m / 12
	if m %= 12; m < 0 {
		m, y = m+12, y-1
	}
	// Years begin in March here, so that a leap day is the last of its year.
	if m < 2 {
		m, y = m+10, y-1
	} else {
		m -= 2
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + (153*m+2)/5 + int64(day) - 1 - 719468
}

var monthDays = [13]uint8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// DaysIn returns the number of days of a month, 1 to 12.
func DaysIn(year, month int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return int(monthDays[month])
}
