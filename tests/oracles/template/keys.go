package main

import (
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
)

// making are functions for keys of the kinds that sprig reads and does not make.
var making = map[string]any{"makeKey": makeKey}

// makeKey is a private key in PEM. What stands behind the size of one of RSA is what is odd about it.
func makeKey(kind string) (string, error) {
	encode := func(label string, der []byte, err error) (string, error) {
		return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})), err
	}
	switch kind {
	case "p224", "p256", "p384", "p521", "p224pkcs8", "p224inside":
		curve := map[string]elliptic.Curve{"p224": elliptic.P224(), "p256": elliptic.P256(),
			"p384": elliptic.P384(), "p521": elliptic.P521()}[kind[:4]]
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return "", err
		}
		if kind == "p224pkcs8" {
			der, err := x509.MarshalPKCS8PrivateKey(key)
			return encode("PRIVATE KEY", der, err)
		}
		der, err := x509.MarshalECPrivateKey(key)
		if kind == "p224inside" {
			// The curve stands in the key alone.
			der, err = asn1.Marshal(pkcs8{Algo: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}}, Key: der})
			return encode("PRIVATE KEY", der, err)
		}
		return encode("EC PRIVATE KEY", der, err)
	case "x25519":
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return "", err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return encode("PRIVATE KEY", der, err)
	case "dsa":
		key := &dsa.PrivateKey{}
		if err := dsa.GenerateParameters(&key.Parameters, rand.Reader, dsa.L1024N160); err != nil {
			return "", err
		}
		if err := dsa.GenerateKey(key, rand.Reader); err != nil {
			return "", err
		}
		der, err := asn1.Marshal([]*big.Int{new(big.Int), key.P, key.Q, key.G, key.Y, key.X})
		return encode("DSA PRIVATE KEY", der, err)
	}
	key, err := makeRSA(kind)
	if err != nil {
		return "", err
	}
	one := big.NewInt(1)
	fields := []any{0, key.N, key.E, key.D, key.Primes[0], key.Primes[1]}
	crt := []any{new(big.Int).Mod(key.D, new(big.Int).Sub(key.Primes[0], one)),
		new(big.Int).Mod(key.D, new(big.Int).Sub(key.Primes[1], one)),
		new(big.Int).ModInverse(key.Primes[1], key.Primes[0])}
	label := "RSA PRIVATE KEY"
	switch kind {
	case "rsa1024plain": // without what is computed of the rest
	case "rsa1024half":
		fields = append(fields, crt[0])
	case "rsa1024wrong":
		fields = append(fields, crt[1], crt[0], crt[2])
	case "rsa1024more": // something behind it that nobody knows
		fields = append(append(fields, crt...), "more")
	case "rsa1024version":
		fields = append(append([]any{1}, fields[1:]...), crt...)
	case "rsa1024future":
		fields = append(append([]any{2}, fields[1:]...), crt...)
	default:
		fields = append(fields, crt...)
	}
	if len(key.Primes) > 2 {
		fields[0] = 1
		product := new(big.Int).Mul(key.Primes[0], key.Primes[1])
		type additional struct{ Prime, Exp, Coeff *big.Int }
		var list []additional
		for _, prime := range key.Primes[2:] {
			list = append(list, additional{prime, new(big.Int).Mod(key.D, new(big.Int).Sub(prime, one)),
				new(big.Int).ModInverse(product, prime)})
			product.Mul(product, prime)
		}
		fields = append(fields, list)
	}
	var body []byte
	for _, field := range fields {
		der, err := asn1.Marshal(field)
		if err != nil {
			return "", err
		}
		body = append(body, der...)
	}
	der, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true, Bytes: body})
	if err == nil && kind == "rsa1024pkcs8" {
		label = "PRIVATE KEY"
		der, err = asn1.Marshal(pkcs8{Algo: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1},
			Parameters: asn1.NullRawValue}, Key: der})
	}
	return encode(label, der, err)
}

type pkcs8 struct {
	Version int
	Algo    pkix.AlgorithmIdentifier
	Key     []byte
}

// makeRSA makes a key of the size that the kind begins with: what Go's own refuses to make, too.
func makeRSA(kind string) (*rsa.PrivateKey, error) {
	var bits, primes, exponent = 0, 2, 65537
	if _, err := fmt.Sscanf(kind, "rsa%d", &bits); err != nil {
		return nil, err
	}
	switch kind {
	case "rsa2048three":
		primes = 3
	case "rsa1024exponent":
		exponent = 3
	case "rsa2048exponent":
		exponent = 257
	}
	one := big.NewInt(1)
	for {
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(1), E: exponent}}
		totient := big.NewInt(1)
		for n := range primes {
			size := bits / primes
			if n == 0 {
				size = bits - size*(primes-1)
			}
			prime, err := rand.Prime(rand.Reader, size)
			if err != nil {
				return nil, err
			}
			key.Primes = append(key.Primes, prime)
			key.N.Mul(key.N, prime)
			totient.Mul(totient, new(big.Int).Sub(prime, one))
		}
		key.D = new(big.Int).ModInverse(big.NewInt(int64(exponent)), totient)
		if key.D != nil && key.N.BitLen() == bits {
			return key, nil
		}
	}
}
