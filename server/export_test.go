package server

var (
	CrossOrigin = crossOrigin
	Serve       = serve
)
