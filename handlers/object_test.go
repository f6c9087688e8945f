package handlers_test

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"willson/handlers"
)

// TestKeys: what each way of reading a key takes, and what it makes of it. A want of nil is
// a refusal that names the key.
func TestKeys(t *testing.T) {
	t.Parallel()
	type table map[string]any // by the value's JSON, "" for no key at all
	for how, rows := range map[string]table{
		"positive": {
			"1": int64(1), "15145.0": int64(15145), "1.5e3": int64(1500), "150E-1": int64(15), "0.001e+3": int64(1), "1e18": int64(1e18),
			"9223372036854775807": int64(1<<63 - 1), "9223372036854775807.000": int64(1<<63 - 1), "0." + strings.Repeat("0", 50_000) + "1e50001": int64(1),
			"": nil, "null": nil, "0": nil, "0.0": nil, "0e9999999999": nil, "-1": nil, "-1.0": nil, "1.5": nil, "1e-1": nil,
			"1.00000000000000000000001": nil, "4503599627370497.0000000001": nil, "9223372036854775808": nil, "1e19": nil,
			"1e999999999": nil, "1e99999999999999999999": nil, "1e-99999999999999999999": nil, strings.Repeat("9", 60_000): nil,
			`"1"`: nil, `"1.0"`: nil, `"1e1"`: nil, "true": nil, "[1]": nil, "[1.0]": nil, "{}": nil,
		},
		"atLeast 0": {"0": int64(0), "-0": int64(0), "0.0": int64(0), "0e9999999999": int64(0), "7": int64(7), "-1": nil, "": nil, "null": nil},
		"positives 1-3": {
			"[1]": []int64{1}, "[3,1.0,2]": []int64{3, 1, 2}, "[" + strings.Repeat("2,1,", 1000) + "2]": []int64{2, 1},
			"": nil, "null": nil, "[]": nil, "[0]": nil, "[null]": nil, "[1,2,3,4]": nil, "1": nil, `["1"]`: nil, "[1.5]": nil,
		},
		"positives 0-3":      {"": []int64(nil), "null": []int64(nil), "[]": []int64(nil), "[1]": []int64{1}, "[1,2,3,4]": nil},
		"positiveOrMore 1-3": {"4": []int64{4}, "[4,5]": []int64{4, 5}, "": nil, "[]": nil, "0": nil, "[1,2,3,4]": nil},
		"trimmed 1-3": {
			`"가"`: "가", `" \t🙂🙂🙂\u3000\n"`: "🙂🙂🙂", `"a b"`: "a b",
			"": nil, "null": nil, `""`: nil, `" \u3000 "`: nil, `"abcd"`: nil, "1": nil, `["a"]`: nil,
			`"\u2764\ufe0f"`: "\u2764\ufe0f", `"\u200b가\u200d"`: "\u200b가\u200d", `"\uf8ff"`: "\uf8ff", `"\u0301"`: "\u0301", `"\ud800"`: "\ufffd", // something is seen
			`"\u200b"`: nil, `"\ufeff"`: nil, `"\u3164"`: nil, `"\u115f\u1160"`: nil, `"\uffa0"`: nil, `"\u2800"`: nil, `"\u0000"`: nil, // and here nothing
			`"\u202e \u2069"`: nil, `"\ufe0f"`: nil, `"\u00ad"`: nil, `"\udb40\udc61"`: nil,
		},
		"trimmed 0-3":  {"": "", "null": "", `"  "`: "", `"abcd"`: nil},
		"oneOf":        {`"F"`: "F", `"M"`: "M", `"f"`: nil, `" F"`: nil, `""`: nil, "": nil, "1": nil},
		"oneOfAnyCase": {`"All"`: "ALL", `"f"`: "F", `"M"`: nil, `""`: nil, "": nil},
		"year": {
			`"1975"`: int64(1975), "1975": int64(1975), "1975.0": int64(1975), `"0"`: int64(0), "99999": int64(99999),
			"": nil, "null": nil, `""`: nil, `"-5"`: nil, `"+5"`: nil, `" 1975"`: nil, `"1975.0"`: nil, `"１９７５"`: nil, `"٣"`: nil, "-5": nil, "1975.5": nil, `"99999999999999999999"`: nil, "true": nil,
		},
		"day": {
			`"2026-03-15"`: "2026-03-15T00:00:00+09:00", `"2024-02-29"`: "2024-02-29T00:00:00+09:00",
			`"2026-3-15"`: nil, `"2026-02-30"`: nil, `"26-03-15"`: nil, `"2026-03-15T00:00:00Z"`: nil, `" 2026-03-15"`: nil, `"2026-03-15 "`: nil, `"２026-03-15"`: nil, "": nil, "20260315": nil,
		},
		"hour": {
			`"09:00"`: "2026-03-15T09:00:00+09:00", `"23:59"`: "2026-03-15T23:59:00+09:00", `"00:00"`: "2026-03-15T00:00:00+09:00",
			`"9:00"`: nil, `"24:00"`: nil, `"09:60"`: nil, `"09:00:00"`: nil, `"9PM"`: nil, `"9:000"`: nil, "": nil,
		},
		"texts 1-2 of 1-3": {
			`["가나다"," b "]`: []string{"가나다", "b"},
			"":              nil, "null": nil, "[]": nil, `["a","b","c"]`: nil, `["abcd"]`: nil, `[" "]`: nil, `["a","\u200b"]`: nil, `[null]`: nil, `[1]`: nil, `"a"`: nil,
		},
	} {
		for value, want := range rows {
			body := `{"other":1e999}`
			if value != "" {
				body = `{"k":` + value + `}`
			}
			got, field := handlers.Read(body, how)
			if refused := want == nil; refused != (field == "k") || !refused && (field != "" || !reflect.DeepEqual(got, want)) {
				t.Errorf("%s of %.100s: %#v, at fault %q, want %#v", how, value, got, field, want)
			}
		}
	}
}

// TestIntegersAreCheap: nothing is written out that is known to be too large.
func TestIntegersAreCheap(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, number := range []string{"1e999999999", "1.0e999999999", "-1e999999999"} {
		if _, field := handlers.Read(`{"k":`+number+`}`, "positive"); field != "k" {
			t.Errorf("%s is taken", number)
		}
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("%d bytes were allocated", after.TotalAlloc-before.TotalAlloc)
	}
}
