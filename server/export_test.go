package server

var CrossOrigin = crossOrigin
