! What a Fortran program needs of offcut.h, by iso_c_binding (Fortran 2008). Handles are type(c_ptr).
module offcut
  use, intrinsic :: iso_c_binding
  implicit none

  ! For ever, where a timeout is taken.
  integer(c_int64_t), parameter :: offcut_forever_ns = huge(0_c_int64_t)

  ! What went wrong, where, what to do, in one line.
  type, bind(c) :: offcut_error
    integer(c_int) :: code = 0
    character(kind=c_char) :: message(512) = c_null_char
  end type

  ! What workers are wanted; begin with offcut_options_init.
  type, bind(c) :: offcut_options
    type(c_ptr) :: function
    type(c_ptr) :: transports
    integer(c_int32_t) :: workers
    integer(c_int32_t) :: min_workers
    integer(c_int64_t) :: memory_bytes_per_worker
    integer(c_int32_t) :: payload_bytes
    integer(c_int64_t) :: ttl_ms
    integer(c_int64_t) :: queue_ms
    integer(c_int64_t) :: hot_timeout_us
    integer(c_int32_t) :: lost_attempts
    integer(c_int32_t) :: crashed_attempts
  end type

  ! One item of a map.
  type, bind(c) :: offcut_item
    type(c_ptr) :: input = c_null_ptr
    type(c_ptr) :: output = c_null_ptr
    integer(c_int32_t) :: input_bytes = 0
    integer(c_int32_t) :: output_capacity = 0
    integer(c_int32_t) :: output_bytes = 0
    integer(c_int32_t) :: status = 0
    integer(c_int32_t) :: attempts = 0
    integer(c_int32_t) :: reserved = 0
  end type

  interface
    ! Pass c_null_ptr for the configuration of the environment.
    function offcut_connect(config, error) bind(c) result(client)
      import :: c_ptr, offcut_error
      type(c_ptr), value :: config
      type(offcut_error), intent(inout) :: error
      type(c_ptr) :: client
    end function

    subroutine offcut_client_close(client) bind(c)
      import :: c_ptr
      type(c_ptr), value :: client
    end subroutine

    ! The name ends with c_null_char and stays where it is until the pool is open.
    subroutine offcut_options_init(options, function) bind(c)
      import :: c_ptr, offcut_options
      type(offcut_options), intent(out) :: options
      type(c_ptr), value :: function
    end subroutine

    function offcut_pool_open(client, options, error) bind(c) result(pool)
      import :: c_ptr, offcut_error, offcut_options
      type(c_ptr), value :: client
      type(offcut_options), intent(in) :: options
      type(offcut_error), intent(inout) :: error
      type(c_ptr) :: pool
    end function

    ! Pass c_null_ptr for the function that the pool was opened for.
    function offcut_pool_function(pool, name) bind(c) result(index)
      import :: c_int, c_ptr
      type(c_ptr), value :: pool
      type(c_ptr), value :: name
      integer(c_int) :: index
    end function

    function offcut_map(pool, function, items, count, timeout_ns, error) bind(c) result(code)
      import :: c_int, c_int64_t, c_ptr, c_size_t, offcut_error, offcut_item
      type(c_ptr), value :: pool
      integer(c_int), value :: function
      type(offcut_item), intent(inout) :: items(*)
      integer(c_size_t), value :: count
      integer(c_int64_t), value :: timeout_ns
      type(offcut_error), intent(inout) :: error
      integer(c_int) :: code
    end function

    subroutine offcut_pool_close(pool) bind(c)
      import :: c_ptr
      type(c_ptr), value :: pool
    end subroutine
  end interface

contains

  ! The message of an error as Fortran text.
  function offcut_message(error) result(text)
    type(offcut_error), intent(in) :: error
    character(len=:), allocatable :: text
    integer :: i
    text = ''
    do i = 1, size(error%message)
      if (error%message(i) == c_null_char) exit
      text = text // error%message(i)
    end do
  end function
end module
