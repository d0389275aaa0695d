package io.offcut.client.internal;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.HttpRequestRetryStrategy;
import org.apache.hc.client5.http.SchemePortResolver;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.Method;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.impl.io.MonitoringResponseOutOfOrderStrategy;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;

/**
 * HTTP/1.1 over connections that are kept, on the caller's own thread: an answer wakes nobody else
 * first. An interrupt ends an exchange. Safe for use by any thread.
 */
final class HttpExchange implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 1000;
    private static final int MAX_LINE_BYTES = 16 << 10;
    private static final int MAX_HEADERS = 200;

    private final CloseableHttpClient http;
    private final RequestConfig config =
            RequestConfig.custom().setProtocolUpgradeEnabled(false).build();

    /** An answer; a body that is too long is cut after one byte more than allowed. */
    @SuppressWarnings("ArrayRecordComponent") // read, and never compared
    record Answer(int status, byte[] body) {}

    HttpExchange(Duration connectTimeout) {
        this.http =
                HttpClientBuilder.create()
                        .setConnectionManager(
                                new Connections()
                                        .setConnectionFactory(framing())
                                        .setTlsSocketStrategy(HttpExchange::secured)
                                        .setMaxConnTotal(MAX_CONNECTIONS)
                                        .setMaxConnPerRoute(MAX_CONNECTIONS)
                                        .setDefaultConnectionConfig(
                                                ConnectionConfig.custom()
                                                        .setConnectTimeout(
                                                                connectTimeout.toMillis(),
                                                                TimeUnit.MILLISECONDS)
                                                        .build())
                                        .build())
                        .useSystemProperties()
                        .setRetryStrategy(new OnceMore())
                        .disableRedirectHandling()
                        .disableCookieManagement()
                        .disableContentCompression()
                        .disableAuthCaching()
                        .disableConnectionState()
                        .disableDefaultUserAgent()
                        .build();
    }

    private static ManagedHttpClientConnectionFactory framing() {
        return ManagedHttpClientConnectionFactory.builder()
                .http1Config(
                        Http1Config.custom()
                                .setMaxLineLength(MAX_LINE_BYTES)
                                .setMaxHeaderCount(MAX_HEADERS)
                                .build())
                // A server that refuses a long body answers before it has come.
                .responseOutOfOrderStrategy(MonitoringResponseOutOfOrderStrategy.INSTANCE)
                .build();
    }

    /** With what this virtual machine trusts, which takes its time to be read. */
    private static SSLSocket secured(
            Socket plain, String host, int port, Object attachment, HttpContext context)
            throws IOException {
        try {
            return new DefaultClientTlsStrategy(
                            SSLContext.getDefault(),
                            HostnameVerificationPolicy.BUILTIN,
                            NoopHostnameVerifier.INSTANCE)
                    .upgrade(plain, host, port, attachment, context);
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("no TLS", e);
        }
    }

    /** Where the server has closed a connection that was kept. */
    private static final class OnceMore implements HttpRequestRetryStrategy {
        @Override
        public boolean retryRequest(
                HttpRequest request, IOException failure, int count, HttpContext context) {
            boolean lost =
                    failure instanceof NoHttpResponseException
                            || (failure instanceof SocketException
                                    && !(failure instanceof ConnectException));
            return lost && count == 1 && Method.isIdempotent(request.getMethod());
        }

        @Override
        public boolean retryRequest(HttpResponse response, int count, HttpContext context) {
            return false;
        }

        @Override
        public TimeValue getRetryInterval(HttpResponse response, int count, HttpContext context) {
            return TimeValue.ZERO_MILLISECONDS;
        }
    }

    /** Of channels, because those hear interrupts. */
    private static final class Connections extends PoolingHttpClientConnectionManagerBuilder {
        @Override
        protected HttpClientConnectionOperator createConnectionOperator(
                SchemePortResolver ports, DnsResolver names, TlsSocketStrategy tls) {
            return new DefaultHttpClientConnectionOperator(
                    proxy -> SocketChannel.open().socket(),
                    ports,
                    names,
                    RegistryBuilder.<TlsSocketStrategy>create().register("https", tls).build());
        }
    }

    /**
     * Sends and receives.
     *
     * @param timeout longest silence of the server
     */
    Answer exchange(ClassicHttpRequest request, Duration timeout, int maxBytes) throws IOException {
        HttpClientContext context = HttpClientContext.create();
        context.setRequestConfig(
                RequestConfig.copy(config)
                        .setResponseTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                        .build());
        return http.execute(
                request,
                context,
                response -> {
                    HttpEntity entity = response.getEntity();
                    byte[] body =
                            entity == null
                                    ? new byte[0]
                                    : entity.getContent().readNBytes(maxBytes + 1);
                    return new Answer(response.getCode(), body);
                });
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }
}
