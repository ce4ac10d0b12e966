#include "storage/store_log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <utility>

namespace cairn {

StoreLog::StoreLog(Note note) : Logger{rocksdb::InfoLogLevel::WARN_LEVEL}, note_{std::move(note)} {}

void StoreLog::say(const std::string& line) noexcept {
    if (!note_) return;
    try {
        std::string more;
        {
            const std::lock_guard lock{mutex_};
            const auto now = Clock::now();
            if (now >= next_) {
                left_ =
                    std::min(kBurst, left_ + 1 + static_cast<int>((now - next_) / kOneMoreAfter));
                next_ = now + kOneMoreAfter;
            }
            if (left_ == 0) {
                ++unsaid_;
                return;
            }
            --left_;
            if (const auto unsaid = std::exchange(unsaid_, 0); unsaid > 0)
                more = " (" + std::to_string(unsaid) + " lines before it were left out)";
        }
        note_(without_reach(line) + more);
    } catch (const std::exception&) {
        // Out of memory: then this line is one that is missing.
    }
}

void StoreLog::Logv(const char* format, va_list values) {
    if (!note_) return;
    std::array<char, 512> line{};
    std::vsnprintf(line.data(), line.size(), format, values);
    say(line.data());
}

void StoreLog::Logv(rocksdb::InfoLogLevel level, const char* format, va_list values) {
    if (level >= rocksdb::InfoLogLevel::WARN_LEVEL && level < rocksdb::InfoLogLevel::HEADER_LEVEL)
        Logv(format, values);
}

std::string without_reach(std::string text) {
    constexpr std::string_view kReach = "/proc/self/fd/";
    for (auto at = text.find(kReach); at != std::string::npos; at = text.find(kReach, at)) {
        const auto end = text.find_first_not_of("0123456789", at + kReach.size());
        const bool slash = end != std::string::npos && text[end] == '/';
        text.erase(at, (end == std::string::npos ? text.size() : end + (slash ? 1 : 0)) - at);
    }
    return text;
}

}  // namespace cairn
