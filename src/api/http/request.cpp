#include "api/http/request.hpp"

namespace cairn::http {

std::string_view to_text(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::del:
            return "DELETE";
        case Method::patch:
            return "PATCH";
        case Method::options:
            return "OPTIONS";
        case Method::other:
            break;
    }
    return "";
}

std::string RequestHead::path() const {
    if (segments.empty()) return asterisk ? "*" : "/";
    std::string out;
    for (const std::string& segment : segments) out.append("/").append(segment);
    return out;
}

}  // namespace cairn::http
