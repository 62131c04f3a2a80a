// Holds a Task against Tekton's own types: no unknown field, and what its admission webhook asks for.
package main

import (
	"context"
	"fmt"
	"os"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	var task v1.Task
	if err == nil {
		err = yaml.UnmarshalStrict(data, &task)
	}
	if err == nil {
		task.SetDefaults(context.Background())
		if found := task.Validate(context.Background()); found != nil {
			err = found
		}
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
