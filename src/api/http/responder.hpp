#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "api/http/answer.hpp"

namespace cairn::http {

/// Where an answer goes. Any thread.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    /// `serial` tells the request from others of the same connection.
    virtual void deliver(std::uint64_t serial, Answer answer) noexcept = 0;
};

/// The right to answer one request, once, from any thread. Dropping it unused answers 500, so that
/// no request is left hanging.
class Responder {
public:
    Responder(std::shared_ptr<AnswerSink> sink, std::uint64_t serial)
        : sink_{std::move(sink)}, serial_{serial} {}
    Responder(Responder&& other) noexcept
        : sink_{std::exchange(other.sink_, nullptr)}, serial_{other.serial_} {}
    Responder& operator=(Responder&& other) noexcept {
        std::swap(sink_, other.sink_);
        std::swap(serial_, other.serial_);
        return *this;
    }
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;
    ~Responder() {
        if (sink_)
            answer(Problem{.status = 500, .detail = "The request was left without an answer."});
    }

    void answer(Answer answer) {
        if (const auto sink = std::exchange(sink_, nullptr))
            sink->deliver(serial_, std::move(answer));
    }

private:
    std::shared_ptr<AnswerSink> sink_;
    std::uint64_t serial_;
};

}  // namespace cairn::http
