module example.com/app

go 1.21

require (
	github.com/gorilla/mux v1.8.0
	golang.org/x/text v0.13.0
)

replace github.com/gorilla/mux => github.com/gorilla/mux v1.8.1
