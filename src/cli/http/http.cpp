#include "cli/http/http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "core/base/ensure.hpp"

namespace cairn::cli {
namespace {

struct Headers {
    curl_slist* list = nullptr;
    Headers() = default;
    Headers(const Headers&) = delete;
    Headers& operator=(const Headers&) = delete;
    ~Headers() { curl_slist_free_all(list); }
    void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

/// What the callbacks need of the transfer that runs.
struct Transfer {
    CURL* curl = nullptr;
    const Sink* sink = nullptr;
    HttpAnswer answer;
    bool too_long = false;
    bool stopped = false;
};

std::size_t on_body(char* data, std::size_t /*one*/, std::size_t size, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    long status = 0;
    curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
    const std::string_view piece{data, size};
    if (*transfer.sink && status >= 200 && status < 300) {
        transfer.stopped = !(*transfer.sink)(piece);
        return transfer.stopped ? 0 : size;
    }
    transfer.too_long = transfer.answer.body.size() + size > Http::kBodyMax;
    if (transfer.too_long) return 0;
    transfer.answer.body.append(piece);
    return size;
}

std::string header(CURL* curl, const char* name) {
    curl_header* found = nullptr;
    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return {};
    return found->value;
}

HttpFailure::Kind kind_of(CURLcode code, const Transfer& transfer) {
    using Kind = HttpFailure::Kind;
    if (transfer.stopped) return Kind::stopped;
    if (transfer.too_long) return Kind::too_long;
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT: {
            curl_off_t connected = 0;
            curl_easy_getinfo(transfer.curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
            return connected == 0 ? Kind::no_connection : Kind::silent;
        }
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
            return Kind::broke_off;
        case CURLE_UNSUPPORTED_PROTOCOL:  // an answer as of HTTP/0.9
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
            return Kind::not_http;
        case CURLE_COULDNT_RESOLVE_HOST:
            return Kind::unknown_host;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return Kind::untrusted;
        case CURLE_SSL_CONNECT_ERROR:
            return Kind::no_tls;
        default:
            return Kind::no_connection;
    }
}

}  // namespace

struct Http::Handle {
    CURL* curl = nullptr;
    std::array<char, CURL_ERROR_SIZE> error{};

    Handle() {
        static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
        ENSURE(ready == CURLE_OK);
        curl = curl_easy_init();
        ENSURE(curl != nullptr);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { curl_easy_cleanup(curl); }

    template <class Value>
    void set(CURLoption option, Value value) {
        // An option this libcurl does not know would be a fault of ours, found by the first call.
        ENSURE(curl_easy_setopt(curl, option, value) == CURLE_OK);
    }
};

Http::Http(std::string base, std::string authorities)
    : base_{std::move(base)},
      authorities_{std::move(authorities)},
      handle_{std::make_unique<Handle>()} {}
Http::~Http() = default;

Result<HttpAnswer, HttpFailure> Http::send(const HttpRequest& request, const Sink& sink) {
    Handle& handle = *handle_;
    curl_easy_reset(handle.curl);  // options; the connection stays
    handle.error[0] = '\0';
    Transfer transfer{.curl = handle.curl, .sink = &sink, .answer = {}};
    const std::string url = base_ + request.target;

    Headers headers;
    headers.add("Accept: application/json");
    headers.add("Expect:");
    if (request.body) headers.add("Content-Type: application/json");
    if (!request.token.empty()) headers.add("Authorization: Bearer " + request.token);
    if (!request.idempotency_key.empty())
        headers.add("Idempotency-Key: " + request.idempotency_key);

    handle.set(CURLOPT_URL, url.c_str());
    handle.set(CURLOPT_PROTOCOLS_STR, "http,https");
    handle.set(CURLOPT_PATH_AS_IS, 1L);
    handle.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    handle.set(CURLOPT_HTTPHEADER, headers.list);
    handle.set(CURLOPT_USERAGENT, "cairn");
    handle.set(CURLOPT_PROXY, "");
    handle.set(CURLOPT_NOSIGNAL, 1L);
    if (!authorities_.empty()) handle.set(CURLOPT_CAINFO, authorities_.c_str());
    handle.set(
        CURLOPT_CONNECTTIMEOUT,
        static_cast<long>(request.silence_s == 0 ? kConnectTimeout_s
                                                 : std::min(kConnectTimeout_s, request.silence_s)));
    if (request.silence_s > 0) {
        handle.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
        handle.set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.silence_s));
    }
    handle.set(CURLOPT_ERRORBUFFER, handle.error.data());
    handle.set(CURLOPT_WRITEFUNCTION, &on_body);
    handle.set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
    if (request.body || request.method == "POST") {
        const std::string_view body = request.body ? std::string_view{*request.body} : "";
        handle.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        handle.set(CURLOPT_POSTFIELDS, body.data());  // not copied
    }
    handle.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());

    const CURLcode code = curl_easy_perform(handle.curl);
    if (code != CURLE_OK) {
        const char* told = handle.error[0] == '\0' ? curl_easy_strerror(code) : handle.error.data();
        return fail(HttpFailure{kind_of(code, transfer), told});
    }
    long status = 0;
    curl_easy_getinfo(handle.curl, CURLINFO_RESPONSE_CODE, &status);
    transfer.answer.status = static_cast<int>(status);
    transfer.answer.retry_after = header(handle.curl, "Retry-After");
    const std::string type = header(handle.curl, "Content-Type");
    transfer.answer.type = type.substr(0, type.find(';'));
    return std::move(transfer.answer);
}

}  // namespace cairn::cli
