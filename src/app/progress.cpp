#include "app/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace cairn {
namespace {

constexpr std::size_t kWidth = 40;
constexpr auto kPause = std::chrono::milliseconds{200};

}  // namespace

Progress::Progress(std::string what, std::uint64_t total)
    : what_{std::move(what)},
      total_{std::max<std::uint64_t>(1, total)},
      terminal_{isatty(2) == 1} {}

Progress::~Progress() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::show(std::uint64_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < next_) return;
    next_ = now + kPause;
    drawn_ = true;
    const auto filled = static_cast<std::size_t>(kWidth * std::min(done, total_) / total_);
    const std::string bar = std::string(filled, '=') + std::string(kWidth - filled, ' ');
    std::fprintf(stderr, "\r%s [%s] %llu of %llu", what_.c_str(), bar.c_str(),
                 static_cast<unsigned long long>(done), static_cast<unsigned long long>(total_));
}

}  // namespace cairn
