package reference

// Parse is what Load makes of its file.
var Parse = parse
