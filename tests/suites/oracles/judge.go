// SPDX-License-Identifier: Apache-2.0

// What crypto/x509 itself says of the chains of tests/unit/verify/chains.c on standard input: a line each, number,
// verdict and reason.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func read(text string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// What cannot be read is left out.
func pool(texts string) *x509.CertPool {
	certificates := x509.NewCertPool()
	for _, text := range strings.Split(texts, ",") {
		if certificate, err := read(text); err == nil {
			certificates.AddCert(certificate)
		}
	}
	return certificates
}

func judge(fields []string) error {
	usages := map[string]x509.ExtKeyUsage{"client": x509.ExtKeyUsageClientAuth, "server": x509.ExtKeyUsageServerAuth, "any": x509.ExtKeyUsageAny}
	leaf, err := read(fields[3])
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return err
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		Roots:         pool(fields[5]),
		Intermediates: pool(fields[4]),
		CurrentTime:   time.Unix(seconds, 0),
		KeyUsages:     []x509.ExtKeyUsage{usages[fields[2]]},
	})
	return err
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		verdict, reason := "accept", ""
		if err := judge(fields); err != nil {
			verdict, reason = "reject", strings.Join(strings.Fields(err.Error()), " ")
		}
		fmt.Printf("%s\t%s\t%s\n", fields[0], verdict, reason)
	}
}
