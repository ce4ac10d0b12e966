#pragma once

#include <string_view>

namespace cairn::cli {

/// Standard output or standard error. What a reader who went away (`| head`) or a full disk made
/// impossible is remembered, and nothing more is written.
class Output {
public:
    /// Colours only on a terminal that has them, and never with NO_COLOR (https://no-color.org).
    explicit Output(int descriptor);
    /// For tests.
    Output(int descriptor, bool terminal, bool colour)
        : descriptor_{descriptor}, terminal_{terminal}, colour_{colour} {}

    void write(std::string_view text);
    void line(std::string_view text);

    [[nodiscard]] bool good() const { return error_ == 0; }
    /// The system's error of the write that failed; 0 if none did.
    [[nodiscard]] int error() const { return error_; }
    [[nodiscard]] bool terminal() const { return terminal_; }
    [[nodiscard]] bool colour() const { return colour_; }

private:
    int descriptor_;
    bool terminal_ = false;
    bool colour_ = false;
    int error_ = 0;
};

}  // namespace cairn::cli
