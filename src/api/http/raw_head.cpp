#include "api/http/raw_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/http/field_text.hpp"
#include "api/http/form.hpp"
#include "json/utf8.hpp"

namespace cairn::http {
namespace {

/// Sixteen bytes in base64 (RFC 6455, 4.1).
bool is_websocket_key(const std::optional<std::string>& key) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return key && key->size() == 24 && key->ends_with("==") &&
           key->find_first_not_of(kDigits) == 22;
}

Problem bad(std::string detail) { return {.status = 400, .detail = std::move(detail)}; }

bool is_token_char(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    return c != '\0' && std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

/// Calls `each` with every element of a comma list.
template <class Each>
void for_each_element(std::string_view list, Each each) {
    while (true) {
        const std::size_t comma = list.find(',');
        if (const auto element = trim(list.substr(0, comma)); !element.empty()) each(element);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

Method method_of(std::string_view text) {
    for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::del,
                                Method::patch, Method::options})
        if (text == to_text(method)) return method;
    return Method::other;
}

Result<void, Problem> read_path(std::string_view path, RequestHead& head) {
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::string_view raw = path.substr(0, path.find('/'));
        path.remove_prefix(raw.size());
        if (raw.empty()) continue;
        auto segment = percent_decode(raw, false);
        if (!segment || !json::is_utf8(*segment) || segment->find('\0') != std::string::npos)
            return fail(bad("The path has a broken %-escape, or text that is not UTF-8."));
        head.segments.push_back(std::move(*segment));
    }
    return {};
}

/// `authority` is set if the target is in absolute form.
Result<void, Problem> read_target(std::string_view target, RequestHead& head,
                                  std::optional<std::string_view>& authority) {
    if (target.size() > kUriMax)
        return fail(Problem{.status = 414, .detail = "The URI is longer than 8 KiB."});
    if (std::ranges::any_of(target, [](char c) { return c <= ' ' || c > '~' || c == '#'; }))
        return fail(bad("The URI has a byte that may not stand in one."));
    if (target == "*") {
        if (head.method != Method::options) return fail(bad("Only OPTIONS may ask for \"*\"."));
        head.asterisk = true;
        return {};
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        authority = target.substr(0, target.find_first_of("/?"));
        target.remove_prefix(authority->size());
        break;
    }
    const std::size_t question = target.find('?');
    const std::string_view path = target.substr(0, question);
    if (!path.starts_with('/') && !(authority && path.empty()))
        return fail(bad("The URI must begin with \"/\"."));
    if (auto read = read_path(path, head); !read) return read;
    if (question == std::string_view::npos) return {};
    auto query = parse_form(target.substr(question + 1));
    if (!query) return fail(bad("The query cannot be read: " + query.error().reason + "."));
    head.query = std::move(*query);
    return {};
}

Result<void, Problem> read_request_line(std::string_view line, RequestHead& head,
                                        std::optional<std::string_view>& authority) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return fail(
            bad("The request line must be METHOD URI VERSION, with one space between each."));
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(method) || method.size() > 32) return fail(bad("The method is not one."));
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7]))
        return fail(bad("The request line does not end with an HTTP version."));
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return fail(
            Problem{.status = 505, .detail = "Only HTTP/1.1 and HTTP/1.0 are spoken here."});
    head.minor_version = version == "HTTP/1.1" ? 1 : 0;
    head.method = method_of(method);
    return read_target(target, head, authority);
}

struct Kept {
    std::string_view name;
    std::optional<std::string> Headers::*field;
    bool may_repeat = false;
};
constexpr std::array kKept{
    Kept{"origin", &Headers::origin},
    Kept{"authorization", &Headers::authorization},
    Kept{"content-type", &Headers::content_type},
    Kept{"accept", &Headers::accept, true},
    Kept{"if-none-match", &Headers::if_none_match, true},
    Kept{"idempotency-key", &Headers::idempotency_key},
    Kept{"last-event-id", &Headers::last_event_id},
    Kept{"sec-fetch-site", &Headers::sec_fetch_site},
    Kept{"sec-purpose", &Headers::sec_purpose},
    Kept{"referer", &Headers::referer},
    Kept{"x-forwarded-for", &Headers::x_forwarded_for, true},
    Kept{"x-forwarded-proto", &Headers::x_forwarded_proto, true},
    Kept{"access-control-request-method", &Headers::access_control_request_method},
    Kept{"access-control-request-private-network",
         &Headers::access_control_request_private_network},
    Kept{"sec-websocket-key", &Headers::sec_websocket_key},
    Kept{"sec-websocket-version", &Headers::sec_websocket_version},
    Kept{"sec-websocket-protocol", &Headers::sec_websocket_protocol, true},
};

/// Collects the fields of one head and what they say together.
class FieldReader {
public:
    explicit FieldReader(RequestHead& head) : head_{head} {}

    Result<void, Problem> read(std::string_view line) {
        // Folded lines were dropped from HTTP because readers disagree on what they continue.
        if (line.front() == ' ' || line.front() == '\t')
            return fail(bad("A header line begins with white space."));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return fail(bad("A header line has no colon."));
        const std::string_view name = line.substr(0, colon);
        if (!is_token(name)) return fail(bad("A header has a name that is not one."));
        return field(name, trim(line.substr(colon + 1)));
    }

    Result<void, Problem> finish(std::optional<std::string_view> authority) {
        if (!host_) return fail(bad("There is no Host."));
        if (authority && !equals_ignoring_case(*authority, head_.headers.host))
            return fail(bad("The URI names another host than the Host header."));
        if (head_.chunked && head_.content_length)
            return fail(bad("Content-Length and Transfer-Encoding stand together."));
        if (head_.chunked && head_.minor_version == 0)
            return fail(bad("HTTP/1.0 has no Transfer-Encoding."));
        head_.keep_alive = !close_ && (head_.minor_version == 1 || keep_alive_);
        head_.wants_websocket = upgrade_ && websocket_ && head_.method == Method::get &&
                                head_.minor_version == 1 && !head_.has_body() &&
                                is_websocket_key(head_.headers.sec_websocket_key);
        return {};
    }

private:
    Result<void, Problem> field(std::string_view name, std::string_view value) {
        const auto is = [&](std::string_view known) { return equals_ignoring_case(name, known); };
        if (is("host")) return host(value);
        if (is("content-length")) return content_length(value);
        if (is("transfer-encoding")) return transfer_encoding(value);
        if (is("expect")) return expect(value);
        if (is("connection")) {
            for_each_element(value, [&](std::string_view option) {
                close_ |= equals_ignoring_case(option, "close");
                keep_alive_ |= equals_ignoring_case(option, "keep-alive");
                upgrade_ |= equals_ignoring_case(option, "upgrade");
            });
            return {};
        }
        if (is("upgrade")) {
            for_each_element(value, [&](std::string_view protocol) {
                websocket_ |= equals_ignoring_case(protocol, "websocket");
            });
            return {};
        }
        for (const Kept& kept : kKept) {
            if (!is(kept.name)) continue;
            auto& slot = head_.headers.*kept.field;
            if (!slot)
                slot.emplace(value);
            else if (kept.may_repeat)
                slot->append(", ").append(value);
            else
                return fail(bad("The header " + std::string{kept.name} + " stands twice."));
            return {};
        }
        return {};
    }

    Result<void, Problem> host(std::string_view value) {
        if (host_) return fail(bad("The header host stands twice."));
        if (value.empty()) return fail(bad("Host is empty."));
        host_ = true;
        head_.headers.host = value;
        return {};
    }

    Result<void, Problem> content_length(std::string_view value) {
        if (head_.content_length) return fail(bad("The header content-length stands twice."));
        std::uint64_t length = 0;
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), length);
        if (value.empty() || error != std::errc{} || end != value.data() + value.size())
            return fail(bad("Content-Length is not a whole number."));
        head_.content_length = length;
        return {};
    }

    Result<void, Problem> transfer_encoding(std::string_view value) {
        if (head_.chunked || !equals_ignoring_case(value, "chunked"))
            return fail(bad("The only Transfer-Encoding known here is one \"chunked\"."));
        head_.chunked = true;
        return {};
    }

    Result<void, Problem> expect(std::string_view value) {
        if (!equals_ignoring_case(value, "100-continue"))
            return fail(
                Problem{.status = 417, .detail = "The only Expect known here is 100-continue."});
        head_.expects_continue = head_.minor_version == 1;
        return {};
    }

    RequestHead& head_;
    bool host_ = false;
    bool close_ = false;
    bool keep_alive_ = false;
    bool upgrade_ = false;
    bool websocket_ = false;
};

}  // namespace

Result<std::size_t, Problem> HeadScanner::scan(std::string_view buffer) {
    for (; at_ < buffer.size(); ++at_) {
        const char c = buffer[at_];
        const std::size_t limit =
            headers_start_ == 0 ? kRequestLineMax : headers_start_ + kHeadersMax;
        if (c == '\n') {
            if (at_ == 0 || buffer[at_ - 1] != '\r')
                return fail(bad("A line ends with a bare LF."));
            const bool empty_line = at_ - 1 == line_start_;
            line_start_ = at_ + 1;
            if (headers_start_ == 0) {
                if (empty_line) return fail(bad("The request line is empty."));
                headers_start_ = at_ + 1;
            } else if (empty_line) {
                return ++at_;
            }
            continue;
        }
        if (at_ > 0 && buffer[at_ - 1] == '\r') return fail(bad("A CR stands without its LF."));
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\r' && c != '\t') || byte == 0x7F)
            return fail(bad("The head holds a control byte."));
        if (at_ >= limit) {
            if (headers_start_ == 0)
                return fail(Problem{.status = 414, .detail = "The URI is longer than 8 KiB."});
            return fail(Problem{.status = 431, .detail = "The headers are longer than 8 KiB."});
        }
    }
    return 0;
}

Result<RequestHead, Problem> parse_head(std::string_view text) {
    RequestHead head;
    std::optional<std::string_view> authority;
    std::size_t end = text.find("\r\n");
    if (auto line = read_request_line(text.substr(0, end), head, authority); !line)
        return fail(std::move(line.error()));
    FieldReader fields{head};
    text.remove_prefix(end + 2);
    while ((end = text.find("\r\n")) != 0 && end != std::string_view::npos) {
        if (auto read = fields.read(text.substr(0, end)); !read)
            return fail(std::move(read.error()));
        text.remove_prefix(end + 2);
    }
    if (auto finished = fields.finish(authority); !finished)
        return fail(std::move(finished.error()));
    return head;
}

}  // namespace cairn::http
