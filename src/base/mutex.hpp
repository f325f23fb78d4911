// SPDX-License-Identifier: GPL-2.0-or-later
// Mutexes that clang's thread-safety analysis follows: what is guarded says by which, and code that reaches it without
// holding that one does not compile under clang with -Wthread-safety. Other compilers see plain mutexes.
#pragma once

#include <atomic>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

// The attributes, named as in clang's documentation, "Thread Safety Analysis".
#if defined(__clang__)
#define WINDSOR_THREAD_ATTRIBUTE(...) __attribute__((__VA_ARGS__))
#else
#define WINDSOR_THREAD_ATTRIBUTE(...)
#endif
#define WINDSOR_CAPABILITY(name) WINDSOR_THREAD_ATTRIBUTE(capability(name))
#define WINDSOR_SCOPED_CAPABILITY WINDSOR_THREAD_ATTRIBUTE(scoped_lockable)
#define WINDSOR_GUARDED_BY(...) WINDSOR_THREAD_ATTRIBUTE(guarded_by(__VA_ARGS__))       // a member
#define WINDSOR_PT_GUARDED_BY(...) WINDSOR_THREAD_ATTRIBUTE(pt_guarded_by(__VA_ARGS__)) // what a pointer leads to
#define WINDSOR_REQUIRES(...) WINDSOR_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define WINDSOR_EXCLUDES(...) WINDSOR_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define WINDSOR_ACQUIRE(...) WINDSOR_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define WINDSOR_TRY_ACQUIRE(...) WINDSOR_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define WINDSOR_RELEASE(...) WINDSOR_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define WINDSOR_NO_LOCK_ANALYSIS WINDSOR_THREAD_ATTRIBUTE(no_thread_safety_analysis) // of a function's body
#define WINDSOR_ASSERT_CAPABILITY(...) WINDSOR_THREAD_ATTRIBUTE(assert_capability(__VA_ARGS__))

namespace windsor::base {

// Who holds a mutex, for assert_held(). Builds that are to be fast keep no account of it.
class Holder {
public:
#if defined(WINDSOR_CHECK_LOCKS)
    void enter() { thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
    void leave() { thread_.store({}, std::memory_order_relaxed); }
    bool may_be_this_thread() const { return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

private:
    std::atomic<std::thread::id> thread_{};
#else
    void enter() {}
    void leave() {}
    bool may_be_this_thread() const { return true; }
#endif
};

class WINDSOR_CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() WINDSOR_ACQUIRE()
    {
        native_.lock();
        holder_.enter();
    }
    bool try_lock() WINDSOR_TRY_ACQUIRE(true)
    {
        const bool taken = native_.try_lock();
        if (taken) {
            holder_.enter();
        }
        return taken;
    }
    void unlock() WINDSOR_RELEASE()
    {
        holder_.leave();
        native_.unlock();
    }

    // For functions that the analysis cannot follow their callers to, such as those in a std::function.
    void assert_held() const WINDSOR_ASSERT_CAPABILITY(this) { assert(holder_.may_be_this_thread()); }

private:
    friend class Condition;
    std::mutex native_;
    [[no_unique_address]] Holder holder_;
};

// One that its holder may lock again.
class WINDSOR_CAPABILITY("mutex") RecursiveMutex {
public:
    void lock() WINDSOR_ACQUIRE() { native_.lock(); }
    void unlock() WINDSOR_RELEASE() { native_.unlock(); }

private:
    std::recursive_mutex native_;
};

// Holds a mutex as long as it lives.
template <typename Lockable> class WINDSOR_SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Lockable& mutex) WINDSOR_ACQUIRE(mutex) : mutex_{mutex} { mutex_.lock(); }
    ~MutexLock() WINDSOR_RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Lockable& mutex_;
};

// Lets go of a mutex as long as it lives.
class WINDSOR_SCOPED_CAPABILITY MutexUnlock {
public:
    explicit MutexUnlock(Mutex& mutex) WINDSOR_RELEASE(mutex) : mutex_{mutex} { mutex_.unlock(); }
    ~MutexUnlock() WINDSOR_RELEASE() { mutex_.lock(); }
    MutexUnlock(const MutexUnlock&) = delete;
    MutexUnlock& operator=(const MutexUnlock&) = delete;

private:
    Mutex& mutex_;
};

// Waits for what other threads change under a mutex. Callers loop on their condition, in sight of the analysis.
class Condition {
public:
    void notify_one() { native_.notify_one(); }
    void notify_all() { native_.notify_all(); }

    void wait(Mutex& mutex) WINDSOR_REQUIRES(mutex)
    {
        Borrowed borrowed{mutex};
        native_.wait(borrowed.lock);
    }

    // False once the time has come.
    template <typename Clock, typename Duration>
    bool wait_until(Mutex& mutex, const std::chrono::time_point<Clock, Duration>& end) WINDSOR_REQUIRES(mutex)
    {
        Borrowed borrowed{mutex};
        return native_.wait_until(borrowed.lock, end) == std::cv_status::no_timeout;
    }

private:
    // The mutex as the standard library wants it, locked before and after.
    struct Borrowed {
        explicit Borrowed(Mutex& mutex) : owner{mutex}, lock{mutex.native_, std::adopt_lock} { owner.holder_.leave(); }
        ~Borrowed()
        {
            lock.release();
            owner.holder_.enter();
        }
        Borrowed(const Borrowed&) = delete;
        Borrowed& operator=(const Borrowed&) = delete;

        Mutex& owner;
        std::unique_lock<std::mutex> lock;
    };

    std::condition_variable native_;
};

} // namespace windsor::base
