/* The server with a certificate of its own, and GnuTLS as the client. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/test/check.h"
#include "core/http/http.h"
#include "http_client.h"

static struct http *server;
static int port;
static struct arena arena;
static struct ctx ctx;
static char dir[] = "/tmp/guanxi-tls-XXXXXX", cert_path[64], key_path[64];

static enum err hello(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)c;
	buf_printf(http_body(res), "secure=%d", req->secure);
	return OK;
}

static enum err stream(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	char block[1000];
	memset(block, 's', sizeof(block));
	enum err err = http_stream_begin(c, res);
	for (int i = 0; err == OK && i < 3000; i++)
		err = http_write(c, res, block, sizeof(block));
	return err;
}

static const struct route routes[] = {
	{METHOD_GET, "/hello", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello"},
	{METHOD_GET, "/stream", LANE_HEAVY, DOOR_PUBLIC, .handle = stream, .doc = "Stream"},
	{0},
};
static const struct route *const tables[] = {routes, NULL};

static void save(const char *path, const gnutls_datum_t *pem)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(pem->data, 1, pem->size, file), pem->size);
	(void)fclose(file);
}

static void make_certificate(void)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
	gnutls_datum_t pem;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
	assert_int_equal(gnutls_x509_crt_init(&cert), 0);
	assert_int_equal(gnutls_x509_crt_set_version(cert, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(cert, "\1", 1), 0);
	assert_int_equal(gnutls_x509_crt_set_activation_time(cert, time(NULL) - 60), 0);
	assert_int_equal(gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600), 0);
	assert_int_equal(gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, "localhost", 9), 0);
	assert_int_equal(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET), 0);
	assert_int_equal(gnutls_x509_crt_set_key(cert, key), 0);
	assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem), 0);
	save(cert_path, &pem);
	gnutls_free(pem.data);
	assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
	save(key_path, &pem);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", dir);
	(void)snprintf(key_path, sizeof(key_path), "%s/key.pem", dir);
	make_certificate();
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	struct http_config config = {.address = "127.0.0.1", .tls_cert = cert_path, .tls_key = key_path, .head_deadline_ms = 1500};
	assert_int_equal(http_start_new(&ctx, NULL, &config, tables, &server), OK);
	port = http_port(server);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_stop(server, 1000);
	arena_release(&arena);
	(void)unlink(cert_path);
	(void)unlink(key_path);
	(void)rmdir(dir);
	return 0;
}

/* The whole answer to one request, or "" when there is no handshake. */
static char *ask(const char *priority, const char *target, size_t *ret_n)
{
	gnutls_session_t session;
	gnutls_certificate_credentials_t trust;
	char text[200];
	struct buf answer;
	buf_init(&answer, 10 << 20);
	int fd = client_open(port);
	assert_int_equal(gnutls_certificate_allocate_credentials(&trust), 0);
	assert_int_equal(gnutls_certificate_set_x509_trust_file(trust, cert_path, GNUTLS_X509_FMT_PEM), 1);
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
	assert_int_equal(gnutls_priority_set_direct(session, priority, NULL), 0);
	assert_int_equal(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust), 0);
	gnutls_session_set_verify_cert(session, "localhost", 0);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, 5000);
	int rc;
	do
		rc = gnutls_handshake(session);
	while (rc < 0 && gnutls_error_is_fatal(rc) == 0);
	if (rc == 0) {
		int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
		assert_int_equal(gnutls_record_send(session, text, (size_t)n), n);
		char part[16384];
		ssize_t got;
		while ((got = gnutls_record_recv(session, part, sizeof(part))) > 0 || got == GNUTLS_E_AGAIN)
			if (got > 0)
				buf_add(&answer, part, (size_t)got);
	}
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(trust);
	close(fd);
	*ret_n = answer.len;
	return answer.data != NULL ? answer.data : strdup("");
}

static void test_tls(void **state)
{
	(void)state;
	static const char *const good[] = {"NORMAL", "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
	static const char *const bad[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.1", "NORMAL:-VERS-ALL:+VERS-TLS1.0"};
	size_t n;
	for (size_t i = 0; i < 2; i++) {
		char *text = ask(good[i], "/hello", &n);
		assert_true(str_starts(text, "HTTP/1.1 200 "));
		assert_non_null(strstr(text, "Strict-Transport-Security: max-age=31536000\r\n"));
		assert_true(str_ends(text, "secure=1"));
		free(text);
		text = ask(bad[i], "/hello", &n);
		assert_string_equal(text, "");
		free(text);
	}
}

static void test_tls_stream(void **state)
{
	(void)state;
	size_t n;
	char *text = ask("NORMAL", "/stream", &n);
	assert_true(str_starts(text, "HTTP/1.1 200 "));
	assert_true(n > 3000000);
	assert_true(str_ends(text, "\r\n0\r\n\r\n"));
	free(text);
}

/* Neither plain text nor a handshake that never ends is of any use. */
static void test_not_tls(void **state)
{
	(void)state;
	int plain = client_open(port), silent = client_open(port);
	client_send(plain, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(client_closed(plain));
	(void)nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 500000000}, NULL);
	assert_true(client_closed(silent));
	close(plain);
	close(silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_stream),
		cmocka_unit_test(test_not_tls),
	};
	return cmocka_run_group_tests_name("http tls", tests, set_up, tear_down);
}
