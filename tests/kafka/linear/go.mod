// The checker of recorded histories; see main.go.
module linear

go 1.22

require github.com/anishathalye/porcupine v1.3.1
