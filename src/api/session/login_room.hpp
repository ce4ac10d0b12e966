#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/session/source.hpp"
#include "core/primitives/time.hpp"

namespace cairn {

/// Who waits for a try at a password, and whose turn is next.
///
/// A name has `kFree` tries at once and one more each second; a right password gives its try back.
/// Whoever finds none left waits, and who of those that wait is next is drawn: a source first, then
/// a name, then one of its tries. So a guesser never locks an owner out: of n that wait for a name
/// each has the n-th part of a chance each second, and one source weighs no more than another
/// however many connections it holds. Names nobody has are treated like any other.
///
/// A full room makes place for whoever comes by putting out one of the name, and of it of the
/// source, that takes most room, drawn by lot with the one who comes: to come late or often is no
/// advantage. Who is put out is told `kEvery` later, so that coming again at once is none either.
///
/// A deterministic machine: time and luck are handed in. Not for several threads.
class LoginRoom {
public:
    static constexpr std::uint32_t kFree = 3;
    static constexpr Tick kEvery = 1000;      // ms, between two tries for a name
    static constexpr Tick kLongest = 50'000;  // ms, that anybody waits for a turn
    static constexpr std::size_t kOfNameMax = 256;
    static constexpr std::size_t kWaitingMax = 1024;
    static constexpr std::size_t kPutOutMax = 1024;  // beyond, they are told at once

    using Ticket = std::uint64_t;
    /// A number below the one given, each as likely as the others.
    using Draw = std::function<std::size_t(std::size_t)>;

    explicit LoginRoom(Draw draw) : draw_{std::move(draw)} {}

    /// `name` in the form in which names are equal.
    [[nodiscard]] Ticket enter(std::string name, const Source& source, Tick now);
    /// The client has gone.
    void leave(Ticket ticket);
    /// Whose turn it is; the try counts as a wrong one until `was_right`. None: nobody's.
    [[nodiscard]] std::optional<Ticket> next(Tick now);
    void was_right(std::string_view name, Tick now);
    /// Those who will have no turn: put out, or in here for too long.
    [[nodiscard]] std::vector<Ticket> refused(Tick now);
    /// When to ask again, if nothing happens before.
    [[nodiscard]] std::optional<Tick> next_look(Tick now) const;

    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    /// Names that are remembered.
    [[nodiscard]] std::size_t names() const { return names_.size(); }

private:
    struct Waiter {
        std::string name;
        Source source;
        Tick since = 0;
    };
    struct Name {
        std::size_t waiting = 0;
        Tick spent_until = 0;  // one try less for each `kEvery`, begun or not, until then
        [[nodiscard]] bool has_try(Tick now) const;
        [[nodiscard]] Tick try_at() const;
    };
    void make_room(const std::string& fullest, Tick now);
    void remove(std::map<Ticket, Waiter>::iterator waiter);
    void forget_idle(Tick now);

    Draw draw_;
    Ticket last_ticket_ = 0;
    std::map<Ticket, Waiter> waiting_;
    std::map<std::string, Name, std::less<>> names_;  // those with tries spent or waited for
    std::map<Ticket, Tick> put_out_;                  // and when they are told
};

}  // namespace cairn
