//go:build !linux

package main

import (
	"errors"
	"time"
)

var errNoUsage = errors.New("another process's CPU time and peak memory are measured on Linux only")

func cpuTime(int) (time.Duration, error) { return 0, errNoUsage }

func peakMemory(int) (int64, error) { return 0, errNoUsage }
