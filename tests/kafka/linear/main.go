// Holds a recorded history of counters against what linearisable ones could answer: a JSON object a line, as
// tests/kafka/linear.rs writes it. Exit code 1 names the keys whose history no order explains.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Operation is one line: an addition of Value, or a read. Result is what was answered; Return is 0 where nothing was.
type Operation struct {
	Client int
	Key    string
	Add    bool
	Value  int
	Result int
	Call   int64
	Return int64
}

var counters = porcupine.Model{
	Init: func() interface{} { return 0 },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		operation, sum := input.(Operation), state.(int)
		if operation.Add {
			sum += operation.Value
		}
		unknown := operation.Return == 0
		return unknown || output.(int) == sum, sum
	},
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		keys := map[string][]porcupine.Operation{}
		for _, operation := range history {
			key := operation.Input.(Operation).Key
			keys[key] = append(keys[key], operation)
		}
		var all [][]porcupine.Operation
		for _, some := range keys {
			all = append(all, some)
		}
		return all
	},
}

func main() {
	var history []porcupine.Operation
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var operation Operation
		if err := json.Unmarshal(lines.Bytes(), &operation); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		end := operation.Return
		if end == 0 {
			end = math.MaxInt64
		}
		history = append(history, porcupine.Operation{
			ClientId: operation.Client, Input: operation, Output: operation.Result, Call: operation.Call, Return: end,
		})
	}
	bad := 0
	for _, some := range counters.Partition(history) {
		alone := counters
		alone.Partition = nil
		result := porcupine.CheckOperationsTimeout(alone, some, time.Minute)
		fmt.Printf("%s: %d operations: %s\n", some[0].Input.(Operation).Key, len(some), result)
		if result != porcupine.Ok {
			bad++
		}
	}
	if bad > 0 || len(history) == 0 {
		os.Exit(1)
	}
}
