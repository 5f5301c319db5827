package tool

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// MotoEnvironment is the environment of moto and of what talks to it, for an account and a region. Its credentials are
// nobody's, and it reads no settings of the user.
func MotoEnvironment(account, region string) []string {
	return []string{
		"MOTO_ACCOUNT_ID=" + account, "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region, "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
}

// MotoServer starts a server of moto, which plays AWS on this machine, for the time of a test. It returns the environment
// in which the AWS CLI talks to it and to nothing else.
func MotoServer(t testing.TB, account, region string) []string {
	t.Helper()
	Require(t, "aws", "the AWS CLI")
	server := Require(t, "moto_server", "pip install 'moto[server]'")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	environment := MotoEnvironment(account, region)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, server, "-H", "127.0.0.1", "-p", port)
	cmd.Env = append(os.Environ(), environment...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
	})
	for range 600 {
		response, err := http.Get("http://" + address + "/moto-api/")
		if err == nil {
			response.Body.Close()
			return slices.Concat(os.Environ(), environment, []string{"AWS_ENDPOINT_URL=http://" + address})
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("moto_server does not answer")
	return nil
}
