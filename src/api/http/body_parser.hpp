#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/problem.hpp"
#include "core/base/result.hpp"

namespace cairn::http {

/// Reads a request with a body by the library's parser: it is given the head too, as a second
/// opinion on where the body begins and ends. Errors: 400 malformed, or with chunk extensions; 413
/// above the limit.
class BodyParser {
public:
    explicit BodyParser(std::size_t limit);
    ~BodyParser();
    BodyParser(BodyParser&&) noexcept;
    BodyParser& operator=(BodyParser&&) noexcept;

    struct Progress {
        std::size_t used =
            0;  // bytes of the input; the rest is to be given again, with more behind
        bool done = false;
    };
    [[nodiscard]] Result<Progress, Problem> put(std::string_view bytes);
    [[nodiscard]] std::string take_body();
    /// Bytes of memory of the body so far.
    [[nodiscard]] std::size_t held() const;

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace cairn::http
