package main

import (
	"bytes"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"text/template"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// describing are functions for what is random: they say what the output has in common from run to run.
var describing = template.FuncMap{
	"describe": describe,
	"bcryptMatches": func(hash, password string) bool {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	},
}

// describe says what keys and certificates a text has, and whether they belong together.
func describe(text string) string {
	var out strings.Builder
	var certificates []*x509.Certificate
	var key any
	rest := []byte(text)
	for {
		var block *pem.Block
		before := rest
		block, rest = pem.Decode(rest)
		if block == nil {
			fmt.Fprintf(&out, "rest %q\n", bytes.TrimSpace(before))
			break
		}
		fmt.Fprintf(&out, "%s, %d headers\n", block.Type, len(block.Headers))
		if block.Type == "CERTIFICATE" {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				fmt.Fprintf(&out, "malformed: %v\n", err)
				continue
			}
			describeCertificate(&out, certificate)
			certificates = append(certificates, certificate)
			continue
		}
		key = describeKey(&out, block)
	}
	for n, certificate := range certificates {
		signer := certificates[len(certificates)-1]
		fmt.Fprintf(&out, "%d signed by the last: %v\n", n,
			signer.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature) == nil)
	}
	if len(certificates) > 0 && key != nil {
		fmt.Fprintf(&out, "key belongs to the first: %v\n", belongs(certificates[0], key))
	}
	return out.String()
}

func belongs(certificate *x509.Certificate, key any) bool {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return k.PublicKey.Equal(certificate.PublicKey)
	case *ecdsa.PrivateKey:
		return k.PublicKey.Equal(certificate.PublicKey)
	case ed25519.PrivateKey:
		return k.Public().(ed25519.PublicKey).Equal(certificate.PublicKey)
	}
	return false
}

func describeCertificate(out *strings.Builder, c *x509.Certificate) {
	fmt.Fprintf(out, "v%d %v subject %q issuer %q\n", c.Version, c.SignatureAlgorithm, c.RawSubject, c.RawIssuer)
	fmt.Fprintf(out, "valid for %v, from now: %v\n", c.NotAfter.Sub(c.NotBefore).Round(2*time.Second),
		time.Since(c.NotBefore).Abs() < 10*time.Minute)
	fmt.Fprintf(out, "serial of full size: %v\n", c.SerialNumber.BitLen() > 80 && c.SerialNumber.BitLen() <= 128)
	fmt.Fprintf(out, "usage %b %v authority %v %v path %d\n", c.KeyUsage, c.ExtKeyUsage, c.IsCA, c.BasicConstraintsValid, c.MaxPathLen)
	fmt.Fprintf(out, "names %q %v\n", c.DNSNames, c.IPAddresses)
	fmt.Fprintf(out, "ids %d %d\n", len(c.SubjectKeyId), len(c.AuthorityKeyId))
	for _, e := range c.Extensions {
		fmt.Fprintf(out, "extension %v %v", e.Id, e.Critical)
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 14}) && !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 35}) {
			fmt.Fprintf(out, " %x", e.Value)
		}
		fmt.Fprintln(out)
	}
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		fmt.Fprintf(out, "RSA %d %d\n", k.N.BitLen(), k.E)
	case *ecdsa.PublicKey:
		fmt.Fprintln(out, k.Curve.Params().Name)
	default:
		fmt.Fprintf(out, "%T\n", k)
	}
}

func describeKey(out *strings.Builder, block *pem.Block) any {
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "DSA PRIVATE KEY":
		var k struct {
			Version       int
			P, Q, G, Y, X *big.Int
		}
		var rest []byte
		rest, err = asn1.Unmarshal(block.Bytes, &k)
		if err == nil {
			one := big.NewInt(1)
			divides := new(big.Int).Mod(new(big.Int).Sub(k.P, one), k.Q).Sign() == 0
			fmt.Fprintf(out, "DSA v%d %d %d primes %v %v order %v public %v divides %v rest %d\n", k.Version,
				k.P.BitLen(), k.Q.BitLen(), k.P.ProbablyPrime(20), k.Q.ProbablyPrime(20),
				new(big.Int).Exp(k.G, k.Q, k.P).Cmp(one) == 0 && k.G.Cmp(one) > 0,
				new(big.Int).Exp(k.G, k.X, k.P).Cmp(k.Y) == 0 && k.X.Cmp(k.Q) < 0 && k.X.Sign() > 0, divides, len(rest))
			key = &dsa.PrivateKey{X: k.X}
		}
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		fmt.Fprintf(out, "malformed: %v\n", err)
		return nil
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		again := x509.MarshalPKCS1PrivateKey(k)
		fmt.Fprintf(out, "RSA %d %d valid %v same %v\n", k.N.BitLen(), k.E, k.Validate() == nil, bytes.Equal(again, block.Bytes))
	case *ecdsa.PrivateKey:
		again, _ := x509.MarshalECPrivateKey(k)
		fmt.Fprintf(out, "%s same %v\n", k.Curve.Params().Name, bytes.Equal(again, block.Bytes))
	case ed25519.PrivateKey:
		again, _ := x509.MarshalPKCS8PrivateKey(k)
		fmt.Fprintf(out, "Ed25519 same %v\n", bytes.Equal(again, block.Bytes))
	}
	return key
}
